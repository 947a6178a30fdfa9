import type { Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named, time } from '../story.ts';
import { expiryOf } from './dead-letters.ts';

/** Time between the check of the clock and the call. */
const SLACK_MS = 2_000;

/** No call for a mail begins after its expiry: that of the mail, that of its class, or four days. */
export const expiry: Rule = ({ chronicle, clockErrorMs }) =>
  [...chronicle.stories].flatMap((story) => {
    const last = Math.max(...story.addedAt, ...story.redrives.flatMap(({ at, proven }) => (proven ? [] : [at])));
    const startedAt = Math.max(last, ...story.redrives.map(({ at }) => at));
    const limit = Math.min(expiryOf(story, last), startedAt + PROMISES.maxAgeMs);
    return story.attempts
      .filter(({ worker, begunAt }) => {
        const error = worker.worstSkewMs > PROMISES.clockMs ? worker.worstSkewMs : 0;
        // The age of mail without an expiry is counted by its queue, and by messages of other processes.
        const others = story.mail.expiresAt !== undefined ? 0 : story.skewed ? clockErrorMs : SLACK_MS;
        return begunAt > limit + SLACK_MS + error + others;
      })
      .map(
        ({ provider, begunAt }) =>
          `sent too late: ${named(story)} over ${provider} at ${time(begunAt)}, after ${time(limit)}`,
      );
  });
