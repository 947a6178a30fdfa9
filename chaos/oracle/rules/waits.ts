import type { FaultKind } from '../../faults/kinds.ts';
import { type History, named, type Retry, time } from '../history.ts';
import type { Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';
import { isRunaway } from '../retries.ts';

const HOUR_MS = 3_600_000;
/** Tolerance for rounding, and for the time from the choice of a wait until the message is on the queue. */
const SLACK_MS = 5_000;
/** Longest delay of a message that SQS allows. */
const LONGEST_DELAY_MS = 15 * 60_000;
/** Kinds of faults after which a mail may have to wait up to an hour. */
const ASKING_FOR_TIME: ReadonlySet<FaultKind> = new Set(['throttle', 'retry-after']);

/**
 * The wait of a mail is at most 1.25 times the age of the mail, and never longer than an hour; a wait of up to two minutes is
 * always allowed. After a lost answer the wait is at most two minutes. No mail circulates without end.
 */
export const waits: Rule = (given) => {
  const { recorder, faultTimes, clockErrorMs } = given;
  const limited = new Set(given.providers.flatMap(({ key, maxPerSecond }) => (maxPerSecond === undefined ? [] : key)));
  // If every provider that the mail may use has a rate limit, the mail may wait for a slot of a limit.
  const isLimited = ({ mail }: History) => mail.usable.every((provider) => limited.has(provider));
  const allowedMs = (history: History, { at, worker, asks }: Retry): number => {
    const [first = at] = history.addedAt;
    if (asks && (recorder.tableFailed.get(worker) ?? -Infinity) < at - HOUR_MS) return PROMISES.askWithinMs;
    if (isLimited(history) || faultTimes.any(ASKING_FOR_TIME, at - HOUR_MS, at)) return PROMISES.longestWaitMs;
    return Math.min(PROMISES.longestWaitMs, Math.max(PROMISES.askWithinMs, PROMISES.growth * (at - first)));
  };
  return [...recorder.histories].flatMap((history) => {
    const { retries } = history;
    return [
      ...(isRunaway(history)
        ? [`runaway: ${named(history)}: ${history.retries.length} retries, ${history.attempts.length} calls`]
        : []),
      ...retries.flatMap((retry) => {
        if (Number.isNaN(retry.waitMs)) return [`no NotBefore: ${named(history)} on a retry queue`];
        const dueMs = Math.min(LONGEST_DELAY_MS, Math.max(0, retry.waitMs));
        const isBlurred = retry.worker.stalled || retry.worker.worstSkewMs > PROMISES.clockMs;
        if (!isBlurred && Math.abs(retry.hiddenMs - dueMs) > SLACK_MS)
          return [
            `waits too long: ${named(history)} hidden for ${seconds(retry.hiddenMs)} s at ${time(retry.at)}, due in ${seconds(dueMs)} s`,
          ];
        const allowed =
          allowedMs(history, retry) + SLACK_MS + (retry.worker.worstSkewMs > PROMISES.clockMs ? clockErrorMs : 0);
        return retry.waitMs > allowed + clockErrorMs
          ? [
              `waits too long: ${named(history)} ${seconds(retry.waitMs)} s at ${time(retry.at)}, allowed ${seconds(allowed)} s`,
            ]
          : [];
      }),
    ];
  });
};

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}
