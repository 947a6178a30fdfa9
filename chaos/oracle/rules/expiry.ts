import { named, time } from '../history.ts';
import type { Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';
import { expiryOf } from './dead-letters.ts';

/** Longest time between the check of the expiry by the sender and the call of the provider. */
const SLACK_MS = 2_000;

/**
 * No call for a mail begins after the mail has expired. A mail expires at its `expiresAt`, after the time that is configured for
 * its class, or after four days.
 */
export const expiry: Rule = ({ recorder, clockErrorMs }) =>
  [...recorder.histories].flatMap((history) => {
    const last = Math.max(...history.addedAt, ...history.redrives.flatMap(({ at, proven }) => (proven ? [] : [at])));
    const startedAt = Math.max(last, ...history.redrives.map(({ at }) => at));
    const limit = Math.min(expiryOf(history, last), startedAt + PROMISES.maxAgeMs);
    return history.attempts
      .filter(({ worker, begunAt }) => {
        const error = worker.worstSkewMs > PROMISES.clockMs ? worker.worstSkewMs : 0;
        // The age of mail without `expiresAt` is computed from timestamps of its queue and of other processes. The clocks of these
        // processes may be wrong.
        const others = history.mail.expiresAt !== undefined ? 0 : history.skewed ? clockErrorMs : SLACK_MS;
        return begunAt > limit + SLACK_MS + error + others;
      })
      .map(
        ({ provider, begunAt }) =>
          `sent too late: ${named(history)} over ${provider} at ${time(begunAt)}, after ${time(limit)}`,
      );
  });
