/** Shortest and longest wait before a retry, in milliseconds. */
export const MIN_DELAY_MS = 60_000;
export const MAX_DELAY_MS = 3_600_000;

/** A submission without `expiresAt` is tried for this long, in milliseconds. */
export const MAX_AGE_MS = 4 * 24 * 3_600_000;

/** A message that was first received later than this after it was sent is too old to be sent, in milliseconds. */
export const MAX_WAIT_MS = 5 * 24 * 3_600_000;
/** Shortest wait when a service of our own failed, since the providers may be available, in milliseconds. */
export const SOON_MS = 5_000;

/**
 * The wait before the next round, in milliseconds: as long as the age of the submission, which so doubles each time, from
 * `least` (a minute) to an hour; then lengthened by up to a quarter, so that messages that failed together do not return
 * together. `random` is in [0, 1).
 */
export function backoff(ageMs: number, random: number, least: number = MIN_DELAY_MS): number {
  const base = Math.min(MAX_DELAY_MS / 1.25, Math.max(least, ageMs));
  return Math.round(base * (1 + random / 4));
}

/**
 * The wait after an unknown answer, in milliseconds: one or two minutes, in which the message may appear in the
 * provider's records.
 */
export function unknownDelay(random: number): number {
  return Math.round(MIN_DELAY_MS * (1 + random));
}

/**
 * The most invocations that a submission of this age can need: the first waits double, then each hour has one round and
 * its hops of 15 minutes. Twice the highest number in the simulation, so that only a message that circulates without
 * waiting exceeds it.
 */
export function invocationsOfAge(ageMs: number): number {
  return 30 + (8 * ageMs) / MAX_DELAY_MS;
}

/** Least spread of messages that wait for the same provider, in milliseconds. */
const SPREAD_MS = 5_000;

/**
 * The wait for a provider that was skipped, in milliseconds: as long as the skip says, since the message itself did not
 * fail, and a random part more, so that the waiting messages do not return at the same time.
 */
export function againDelay(againAfterMs: number, random: number): number {
  const spread = Math.max(SPREAD_MS, againAfterMs / 4);
  return Math.round(Math.min(MAX_DELAY_MS, againAfterMs + random * spread));
}
