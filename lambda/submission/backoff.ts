/**
 * Usual shortest wait and longest wait before a retry, in milliseconds of stack time. All times in this file are in stack time,
 * which on a local stack may run faster than the clock.
 */
export const MIN_DELAY_MS = 60_000;
export const MAX_DELAY_MS = 3_600_000;

/**
 * Time after which a submission without an expiry (`expiresAt` or an expiry of its class of mail) is not tried again, in
 * milliseconds.
 */
export const MAX_AGE_MS = 4 * 24 * 3_600_000;

/**
 * Longest time for which a message may wait on its queue until a worker first receives it, in milliseconds. If the message has
 * waited longer, no provider is tried.
 */
export const MAX_WAIT_MS = 5 * 24 * 3_600_000;
/**
 * Shortest wait before the next try if the table, an object or a secret could not be read, in milliseconds. It is short, since
 * the providers themselves may be working.
 */
export const SOON_MS = 5_000;

/**
 * Returns the wait before the next round of attempts, in milliseconds. A round is one run through the providers of the
 * submission. The wait is as long as the age of the submission, so each wait doubles the age. It is at least `least`, and at most
 * 48 minutes. A jitter (random time) of up to a quarter of the wait is added, so that messages that failed at the same time are
 * not tried again at the same time. `random` is in [0, 1).
 */
export function backoff(ageMs: number, random: number, least: number = MIN_DELAY_MS): number {
  const base = Math.min(MAX_DELAY_MS / 1.25, Math.max(least, ageMs));
  return Math.round(base * (1 + random / 4));
}

/**
 * Returns the wait after an attempt with an unknown outcome, in milliseconds: a random time from one to two minutes. During this
 * time the message may appear in the provider's records. `random` is in [0, 1).
 */
export function unknownDelay(random: number): number {
  return Math.round(MIN_DELAY_MS * (1 + random));
}

/**
 * Returns the upper limit for the number of Lambda invocations that a submission of this age needs. Each of the first waits is
 * twice as long as the previous wait. Later there is about one round of attempts in an hour, and the message is received every 15
 * minutes, since this is the longest delay of SQS. The limit is twice the highest number that occurred in a simulation. Therefore
 * a message exceeds the limit only if it is sent to the queues again and again without waiting.
 */
export function invocationsOfAge(ageMs: number): number {
  return 30 + (8 * ageMs) / MAX_DELAY_MS;
}

/**
 * Messages that wait for the same provider are tried again at random times within a period. This is the shortest length of the
 * period, in milliseconds.
 */
const SPREAD_MS = 5_000;

/**
 * Returns the wait before the next round if a provider was skipped, in milliseconds. The wait is `againAfterMs` plus a jitter,
 * and at most an hour. The jitter spreads the waiting messages over time. The wait does not depend on the age of the submission,
 * since the message itself did not fail.
 */
export function againDelay(againAfterMs: number, random: number): number {
  const spread = Math.max(SPREAD_MS, againAfterMs / 4);
  return Math.round(Math.min(MAX_DELAY_MS, againAfterMs + random * spread));
}
