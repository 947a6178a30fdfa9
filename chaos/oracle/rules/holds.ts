import { OF_TABLE } from '../../faults/fault-times.ts';
import { type History, named, type ProviderCall, time } from '../history.ts';
import type { OracleInput, Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';

const MINUTE = 60_000;
/** Longest time after a fault of the table until every worker has read a Retry-After that another worker recorded. */
const BLIND_MS = 3 * MINUTE;
/**
 * Longest time from an answer with a Retry-After until the Retry-After is recorded in the table. A process that is killed within
 * this time possibly does not record the Retry-After.
 */
const WRITING_MS = 5_000;

/** A provider that sent a Retry-After gets no calls for the time in the Retry-After, at most for an hour. */
export const holds: Rule = (given) => {
  const calls = [...given.recorder.histories].flatMap((history) =>
    history.attempts.map((call): [History, ProviderCall] => [history, call]),
  );
  const byProvider = Map.groupBy(calls, ([, { provider }]) => provider);
  return Array.from(byProvider.values()).flatMap((list) => {
    const periods = list.flatMap(([, { worker, answer }]) => {
      if (answer?.retryAfterMs === undefined || worker.killedAt < answer.at + WRITING_MS) return [];
      const until = answer.at + Math.min(answer.retryAfterMs, PROMISES.longestWaitMs);
      const period = { from: answer.at + PROMISES.switchMs + 2 * PROMISES.clockMs, until: until - PROMISES.clockMs };
      return period.from < period.until && isKnown(given, answer.at, until) ? [period] : [];
    });
    return list.flatMap(([history, { provider, worker, decidedAt }]) => {
      if (worker.worstSkewMs > PROMISES.clockMs) return [];
      const held = periods.find(({ from, until }) => from < decidedAt && decidedAt < until);
      return held
        ? [`called although held: ${named(history)} over ${provider} at ${time(decidedAt)}, before ${time(held.until)}`]
        : [];
    });
  });
};

function isKnown({ recorder, faultTimes }: OracleInput, from: number, until: number): boolean {
  return !faultTimes.any(OF_TABLE, from - BLIND_MS, until) && !recorder.wrongClocks.overlaps(from - 30 * MINUTE, until);
}
