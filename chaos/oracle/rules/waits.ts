import type { FaultKind } from '../../faults/kinds.ts';
import type { Rule } from '../case.ts';
import { isRunaway } from '../pace.ts';
import { PROMISES } from '../promises.ts';
import { type Hop, named, type Story, time } from '../story.ts';

const HOUR_MS = 3_600_000;
/** Rounding, and the time between the decision and the queue. */
const SLACK_MS = 5_000;
/** Longest delay of a message in SQS. */
const LONGEST_DELAY_MS = 15 * 60_000;
/** Faults with which a wait may be an hour. */
const ASKING_FOR_TIME: ReadonlySet<FaultKind> = new Set(['throttle', 'retry-after']);

/**
 * Mail waits as long as its age, from a minute to an hour, and a minute or two after a lost answer; no mail circulates
 * faster.
 */
export const waits: Rule = (given) => {
  const { chronicle, troubles, clockErrorMs } = given;
  const limited = new Set(given.providers.flatMap(({ key, maxPerSecond }) => (maxPerSecond === undefined ? [] : key)));
  // Mail waits for a slot where every provider that it may use has a rate.
  const isLimited = ({ mail }: Story) => mail.usable.every((provider) => limited.has(provider));
  const allowedMs = (story: Story, { at, worker, asks }: Hop): number => {
    const [first = at] = story.addedAt;
    if (asks && (chronicle.tableFailed.get(worker) ?? -Infinity) < at - HOUR_MS) return PROMISES.askWithinMs;
    if (isLimited(story) || troubles.any(ASKING_FOR_TIME, at - HOUR_MS, at)) return PROMISES.longestWaitMs;
    return Math.min(PROMISES.longestWaitMs, Math.max(PROMISES.askWithinMs, PROMISES.growth * (at - first)));
  };
  return [...chronicle.stories].flatMap((story) => {
    const { hops } = story;
    return [
      ...(isRunaway(story)
        ? [`runaway: ${named(story)}: ${story.hops.length} hops, ${story.attempts.length} calls`]
        : []),
      ...hops.flatMap((hop) => {
        if (Number.isNaN(hop.waitMs)) return [`no NotBefore: ${named(story)} on a retry queue`];
        const dueMs = Math.min(LONGEST_DELAY_MS, Math.max(0, hop.waitMs));
        const isBlurred = hop.worker.stalled || hop.worker.worstSkewMs > PROMISES.clockMs;
        if (!isBlurred && Math.abs(hop.hiddenMs - dueMs) > SLACK_MS)
          return [
            `waits too long: ${named(story)} hidden for ${seconds(hop.hiddenMs)} s at ${time(hop.at)}, due in ${seconds(dueMs)} s`,
          ];
        const allowed =
          allowedMs(story, hop) + SLACK_MS + (hop.worker.worstSkewMs > PROMISES.clockMs ? clockErrorMs : 0);
        return hop.waitMs > allowed + clockErrorMs
          ? [
              `waits too long: ${named(story)} ${seconds(hop.waitMs)} s at ${time(hop.at)}, allowed ${seconds(allowed)} s`,
            ]
          : [];
      }),
    ];
  });
};

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}
