import { OF_TABLE } from '../../faults/fault-times.ts';
import { FAULT_KINDS, type FaultKind, keepsMailAway } from '../../faults/kinds.ts';
import { type History, time } from '../history.ts';
import { isLimited, type OracleInput, type OracleProvider, type Rule } from '../input.ts';

const MINUTE = 60_000;

/**
 * Periods after a circuit breaker has closed, in milliseconds. In each period the provider may get only this part (`share`) of its
 * usual mail.
 */
const STEPS = [
  { fromMs: 0, toMs: 10_000, share: 1 / 8 },
  { fromMs: 10_000, toMs: 20_000, share: 1 / 4 },
  { fromMs: 20_000, toMs: 30_000, share: 1 / 2 },
] as const;
/** Within this time before and after the border of two periods, either period may apply, since clocks differ and the table answers late. */
const EDGE_MS = 500;
/**
 * Kinds of faults during which a provider may get no mail, or may itself get only a part of its mail after its circuit breaker has
 * closed.
 */
const OF_PROVIDERS: ReadonlySet<FaultKind> = new Set([
  'all-down',
  'secrets-down',
  ...FAULT_KINDS.filter(keepsMailAway),
]);
/** The share of a period is checked only if at least this number of mails was sent in the period. */
const FEWEST = 20;

/** A provider whose circuit breaker has closed gets an eighth of its usual mail, then a quarter, then half. */
export const slowStart: Rule = (given) => {
  const { recorder, faultTimes, providers } = given;
  if (isLimited(given)) return [];
  const [first] = providers;
  const histories = [...recorder.histories].filter(isFree);
  const closings = recorder.closings.filter(
    ({ provider, at }) =>
      provider === first?.key &&
      !faultTimes.any(OF_TABLE, at - MINUTE, at + MINUTE) &&
      !recorder.wrongClocks.overlaps(at - 30 * MINUTE, at + MINUTE) &&
      providers.some((other) => other !== first && isSteady(other, at, given)),
  );
  return closings.flatMap(({ provider, at }) =>
    STEPS.flatMap(({ fromMs, toMs, share }) => {
      const mails = histories.filter(({ attempts: [attempt] }) => {
        const decidedAt = attempt?.decidedAt ?? 0;
        return decidedAt > at + fromMs + EDGE_MS && decidedAt < at + toMs - EDGE_MS;
      });
      const taken = mails.filter(({ attempts: [attempt] }) => attempt?.provider === provider);
      const expected = share * mails.length;
      return mails.length >= FEWEST && taken.length > expected + 4 * Math.sqrt(expected) + 1
        ? [
            `no slow start: ${taken.length} of ${mails.length} mails went to ${provider}, whose circuit closed at ${time(at)}, in seconds ${fromMs / 1_000} to ${toMs / 1_000}`,
          ]
        : [];
    }),
  );
};

/**
 * Whether a provider can accept the mail that another provider does not get during its slow start. Without such a provider there is
 * no slow start.
 */
function isSteady({ key, maxPerSecond }: OracleProvider, at: number, { recorder, faultTimes }: OracleInput): boolean {
  const closes = recorder.closings.some((one) => one.provider === key && Math.abs(one.at - at) < MINUTE);
  return maxPerSecond === undefined && !closes && !faultTimes.any(OF_PROVIDERS, at - 30 * MINUTE, at + MINUTE, key);
}

/**
 * Whether the sender tries the first provider of the list first for the mail, as long as the circuit breaker of this provider
 * admits the mail.
 */
function isFree({ mail, receives, redrives, interrupted }: History): boolean {
  return !mail.ordered && mail.supersedes === undefined && receives === 1 && redrives.length === 0 && !interrupted;
}
