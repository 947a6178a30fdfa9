/** Shortest and longest wait before a retry, in milliseconds. */
export const MIN_DELAY_MS = 60_000;
export const MAX_DELAY_MS = 3_600_000;

/** Time after which a submission without `expiresAt` is not tried again, in milliseconds. */
export const MAX_AGE_MS = 4 * 24 * 3_600_000;

/**
 * Longest time that a message may wait on its queue until a worker first receives it, in milliseconds. If it waited longer, no
 * provider is tried.
 */
export const MAX_WAIT_MS = 5 * 24 * 3_600_000;
/**
 * Shortest wait before the next try if the table, an object or a secret could not be read, in milliseconds. It is short, since
 * the providers may be available.
 */
export const SOON_MS = 5_000;

/**
 * Returns the wait before the next round of attempts, in milliseconds. The wait is as long as the age of the submission, so each
 * wait doubles the age. It is at least `least`, and at most 48 minutes. A jitter of up to a quarter of the wait is added, so that
 * messages that failed together are not tried together again. `random` is in [0, 1).
 */
export function backoff(ageMs: number, random: number, least: number = MIN_DELAY_MS): number {
  const base = Math.min(MAX_DELAY_MS / 1.25, Math.max(least, ageMs));
  return Math.round(base * (1 + random / 4));
}

/**
 * Returns the wait after an attempt with an unknown outcome, in milliseconds: a random time from one to two minutes. In this time
 * the message may appear in the provider's records. `random` is in [0, 1).
 */
export function unknownDelay(random: number): number {
  return Math.round(MIN_DELAY_MS * (1 + random));
}

/**
 * Returns the upper limit for the number of Lambda invocations that a submission of this age needs. Each of the first waits is
 * twice as long as the previous wait. Later there is one round of attempts an hour, and the message is received every 15 minutes,
 * since this is the longest delay of SQS. The limit is twice the highest number in a simulation. Therefore only a message that is
 * sent to the queues again and again without waiting exceeds the limit.
 */
export function invocationsOfAge(ageMs: number): number {
  return 30 + (8 * ageMs) / MAX_DELAY_MS;
}

/**
 * Messages that wait for the same provider are tried again at random times, which are spread over at least this period, in
 * milliseconds.
 */
const SPREAD_MS = 5_000;

/**
 * Returns the wait before the next round if a provider was skipped, in milliseconds. The wait is `againAfterMs` plus a jitter,
 * which spreads the waiting messages over time. It does not depend on the age of the submission, since the message itself did not
 * fail.
 */
export function againDelay(againAfterMs: number, random: number): number {
  const spread = Math.max(SPREAD_MS, againAfterMs / 4);
  return Math.round(Math.min(MAX_DELAY_MS, againAfterMs + random * spread));
}
