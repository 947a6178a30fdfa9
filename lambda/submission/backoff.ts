/** Shortest and longest wait before a retry, in milliseconds. */
export const MIN_DELAY_MS = 60_000;
export const MAX_DELAY_MS = 3_600_000;

/** A submission without `expiresAt` is tried for this long, in milliseconds. */
export const MAX_AGE_MS = 4 * 24 * 3_600_000;

/** A message that is first received later than this after it was sent is too old to be sent, in milliseconds. */
export const MAX_WAIT_MS = 5 * 24 * 3_600_000;
/** The shortest wait where a service of our own failed and the providers may be well, in milliseconds. */
export const SOON_MS = 5_000;

/**
 * The wait before the next round, in milliseconds: as long as the submission is old already, which doubles the age
 * each time, from `least` (a minute) to an hour; then lengthened by up to a quarter, so that mail which failed together
 * does not come back together. `random` is in [0, 1).
 */
export function backoff(ageMs: number, random: number, least: number = MIN_DELAY_MS): number {
  const base = Math.min(MAX_DELAY_MS / 1.25, Math.max(least, ageMs));
  return Math.round(base * (1 + random / 4));
}

/** The wait after an unknown answer, in milliseconds: a minute or two, in which a lost answer may still turn up. */
export function unknownDelay(random: number): number {
  return Math.round(MIN_DELAY_MS * (1 + random));
}

/**
 * The most invocations that a mail of this age may have cost: the first waits double, then each hour has a round and its
 * hops of 15 minutes. Twice what the simulation saw at most, so that only a mail that goes round without waiting is above.
 */
export function invocationsOfAge(ageMs: number): number {
  return 30 + (8 * ageMs) / MAX_DELAY_MS;
}

/** Least spread of mail that waits for its turn at a provider, in milliseconds. */
const SPREAD_MS = 5_000;

/**
 * The wait for a provider that was held back, in milliseconds: as long as it said, since the mail itself met no
 * failure, and a little more for each, so that the waiting do not all come at once.
 */
export function againDelay(againAfterMs: number, random: number): number {
  const spread = Math.max(SPREAD_MS, againAfterMs / 4);
  return Math.round(Math.min(MAX_DELAY_MS, againAfterMs + random * spread));
}
