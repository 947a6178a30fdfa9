import { type FaultKind, keepsMailAway } from '../../faults/kinds.ts';
import type { FaultWindow } from '../../faults/plan.ts';
import { OF_TABLE } from '../../faults/troubles.ts';
import type { SimulatedWorker } from '../../world/worker.ts';
import type { OracleCase, Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named, type ProviderCall, type Story, time } from '../story.ts';

const MINUTE = 60_000;
/** Time after a fault of table or clocks in which each worker still probes for itself. */
const BLIND_MS = 3 * MINUTE;
/** Time until every worker knows that a provider is down. */
const LEARNING_MS = 2 * MINUTE;
/** Calls of a provider that is known to be down: first probes, and then one for each period. */
const FIRST_PROBES = 15;
const PROBE_EVERY_MS = 2 * MINUTE;

/** Faults with which every call fails. */
const DOWN: ReadonlySet<FaultKind> = new Set(['suspended', 'refused', 'connect-hang', '5xx']);
const SURE = 0.95;

/** An outage costs one attempt for each worker that has not learned of it yet, not one for each mail. */
export const openCircuits: Rule = (given) =>
  given.troubles.windows
    .filter(({ kind, rate }) => DOWN.has(kind) && rate >= SURE)
    .flatMap((window) => {
      const from = window.from + LEARNING_MS;
      const workers = new Set<SimulatedWorker>();
      const calls = callsOf(given, window.provider, from, window.to).filter(([story, { decidedAt, worker }]) => {
        // In a rush many processes start within a second, before one of them has recorded a failure.
        const isFirst = !workers.has(worker);
        workers.add(worker);
        return !isFirst && hasOtherWay(given, story, window, decidedAt) && seesTheTable(given, decidedAt);
      });
      const allowed = FIRST_PROBES + (window.to - from) / PROBE_EVERY_MS;
      return calls.length > allowed
        ? [
            `circuit does not open: ${calls.length} calls of ${window.provider} (${window.kind}) from ${time(from)}, allowed ${Math.round(allowed)}`,
          ]
        : [];
    });

/** An isolated provider gets no mail. */
export const isolation: Rule = (given) =>
  given.troubles.windows
    .filter(({ kind }) => kind === 'isolated')
    .flatMap(({ provider, from, to }) =>
      callsOf(given, provider, from + PROMISES.switchMs + 2 * PROMISES.clockMs, to - PROMISES.clockMs)
        .filter(([, { decidedAt }]) => seesTheTable(given, decidedAt))
        .map(
          ([story, { decidedAt }]) =>
            `called although isolated: ${named(story)} over ${provider} at ${time(decidedAt)}`,
        ),
    );

function callsOf(
  { chronicle }: OracleCase,
  provider: string | undefined,
  from: number,
  to: number,
): [Story, ProviderCall][] {
  return [...chronicle.stories].flatMap((story) =>
    story.attempts
      .filter((one) => one.provider === provider && one.decidedAt > from && one.decidedAt < to)
      .filter(({ worker }) => worker.worstSkewMs <= PROMISES.clockMs)
      .map((one): [Story, ProviderCall] => [story, one]),
  );
}

function seesTheTable({ chronicle, troubles }: OracleCase, at: number): boolean {
  return !troubles.any(OF_TABLE, at - BLIND_MS, at) && !chronicle.wrongClocks.overlaps(at - 30 * MINUTE, at);
}

/** Whether another provider could accept the mail, so that the isolated provider is not forced. */
function hasOtherWay(
  { troubles }: OracleCase,
  { mail, attempts }: Story,
  { provider }: FaultWindow,
  at: number,
): boolean {
  // A provider that lost an answer or refused the mail is no alternative.
  const tried = new Set(attempts.filter(({ begunAt }) => begunAt < at).map((one) => one.provider));
  return mail.usable.some(
    (other) => other !== provider && !tried.has(other) && !troubles.windows.some((window) => isNear(window, other, at)),
  );
}

function isNear({ kind, provider = '', from, to }: FaultWindow, other: string, at: number): boolean {
  const concerns = kind === 'all-down' || (keepsMailAway(kind) && provider === other);
  return concerns && from < at && to > at - 75 * MINUTE;
}
