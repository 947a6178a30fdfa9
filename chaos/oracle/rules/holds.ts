import { OF_TABLE } from '../../faults/troubles.ts';
import type { OracleCase, Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named, type ProviderCall, type Story, time } from '../story.ts';

const MINUTE = 60_000;
/** Time after a fault of the table in which workers may not know of a Retry-After. */
const BLIND_MS = 3 * MINUTE;
/** Time in which a process records the Retry-After of an answer, unless it is killed before. */
const WRITING_MS = 5_000;

/** A provider with a Retry-After gets no calls until its end, or for an hour. */
export const holds: Rule = (given) => {
  const calls = [...given.chronicle.stories].flatMap((story) =>
    story.attempts.map((call): [Story, ProviderCall] => [story, call]),
  );
  const byProvider = Map.groupBy(calls, ([, { provider }]) => provider);
  return Array.from(byProvider.values()).flatMap((list) => {
    const periods = list.flatMap(([, { worker, answer }]) => {
      if (answer?.retryAfterMs === undefined || worker.killedAt < answer.at + WRITING_MS) return [];
      const until = answer.at + Math.min(answer.retryAfterMs, PROMISES.longestWaitMs);
      const period = { from: answer.at + PROMISES.switchMs + 2 * PROMISES.clockMs, until: until - PROMISES.clockMs };
      return period.from < period.until && isKnown(given, answer.at, until) ? [period] : [];
    });
    return list.flatMap(([story, { provider, worker, decidedAt }]) => {
      if (worker.worstSkewMs > PROMISES.clockMs) return [];
      const held = periods.find(({ from, until }) => from < decidedAt && decidedAt < until);
      return held
        ? [`called although held: ${named(story)} over ${provider} at ${time(decidedAt)}, before ${time(held.until)}`]
        : [];
    });
  });
};

function isKnown({ chronicle, troubles }: OracleCase, from: number, until: number): boolean {
  return !troubles.any(OF_TABLE, from - BLIND_MS, until) && !chronicle.wrongClocks.overlaps(from - 30 * MINUTE, until);
}
