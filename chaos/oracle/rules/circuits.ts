import { OF_TABLE } from '../../faults/fault-times.ts';
import { type FaultKind, keepsMailAway } from '../../faults/kinds.ts';
import type { FaultWindow } from '../../faults/plan.ts';
import type { SimulatedWorker } from '../../world/worker.ts';
import { type History, named, type ProviderCall, time } from '../history.ts';
import type { OracleInput, Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';

const MINUTE = 60_000;
/** Longest time after a fault of the table until every worker has read the shared state of the circuit breaker again. */
const BLIND_MS = 3 * MINUTE;
/** Time from the start of an outage until every worker has noticed that the circuit breaker is open. */
const LEARNING_MS = 2 * MINUTE;
/**
 * Number of calls that a provider may get at the start of its outage. Later the provider may get one further call in each period of
 * `PROBE_EVERY_MS`.
 */
const FIRST_PROBES = 15;
const PROBE_EVERY_MS = 2 * MINUTE;

/** Faults with which nearly every call fails if the rate of the fault is at least `SURE`. */
const DOWN: ReadonlySet<FaultKind> = new Set(['suspended', 'refused', 'connect-hang', '5xx']);
const SURE = 0.95;

/**
 * During an outage a provider gets the first attempt of each worker and a few probes. It does not get an attempt for every mail.
 */
export const openCircuits: Rule = (given) =>
  given.faultTimes.windows
    .filter(({ kind, rate }) => DOWN.has(kind) && rate >= SURE)
    .flatMap((window) => {
      const from = window.from + LEARNING_MS;
      const workers = new Set<SimulatedWorker>();
      const calls = callsOf(given, window.provider, from, window.to).filter(([history, { decidedAt, worker }]) => {
        // When much mail arrives within a short time, many processes start within a second, before any of them has recorded a failure.
        const isFirst = !workers.has(worker);
        workers.add(worker);
        return !isFirst && hasAlternative(given, history, window, decidedAt) && readsCurrentTable(given, decidedAt);
      });
      const allowed = FIRST_PROBES + (window.to - from) / PROBE_EVERY_MS;
      return calls.length > allowed
        ? [
            `circuit does not open: ${calls.length} calls of ${window.provider} (${window.kind}) from ${time(from)}, allowed ${Math.round(allowed)}`,
          ]
        : [];
    });

/** A provider that an operator has isolated gets no mail, as soon as every worker obeys the command. */
export const isolation: Rule = (given) =>
  given.faultTimes.windows
    .filter(({ kind }) => kind === 'isolated')
    .flatMap(({ provider, from, to }) =>
      callsOf(given, provider, from + PROMISES.switchMs + 2 * PROMISES.clockMs, to - PROMISES.clockMs)
        .filter(([, { decidedAt }]) => readsCurrentTable(given, decidedAt))
        .map(
          ([history, { decidedAt }]) =>
            `called although isolated: ${named(history)} over ${provider} at ${time(decidedAt)}`,
        ),
    );

function callsOf(
  { recorder }: OracleInput,
  provider: string | undefined,
  from: number,
  to: number,
): [History, ProviderCall][] {
  return [...recorder.histories].flatMap((history) =>
    history.attempts
      .filter((one) => one.provider === provider && one.decidedAt > from && one.decidedAt < to)
      .filter(({ worker }) => worker.worstSkewMs <= PROMISES.clockMs)
      .map((one): [History, ProviderCall] => [history, one]),
  );
}

function readsCurrentTable({ recorder, faultTimes }: OracleInput, at: number): boolean {
  return !faultTimes.any(OF_TABLE, at - BLIND_MS, at) && !recorder.wrongClocks.overlaps(at - 30 * MINUTE, at);
}

/** Whether another provider could accept the mail. If so, the sender has no reason to call the provider that is down. */
function hasAlternative(
  { faultTimes }: OracleInput,
  { mail, attempts }: History,
  { provider }: FaultWindow,
  at: number,
): boolean {
  // A provider that was already called for this mail is no alternative: it may have refused the mail, or its answer was lost.
  const tried = new Set(attempts.filter(({ begunAt }) => begunAt < at).map((one) => one.provider));
  return mail.usable.some(
    (other) =>
      other !== provider && !tried.has(other) && !faultTimes.windows.some((window) => isNear(window, other, at)),
  );
}

function isNear({ kind, provider = '', from, to }: FaultWindow, other: string, at: number): boolean {
  const concerns = kind === 'all-down' || (keepsMailAway(kind) && provider === other);
  return concerns && from < at && to > at - 75 * MINUTE;
}
