const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * The promised numbers.
 *
 * They are repeated here: a number that the oracle imported from the code under test would hide an error there.
 */
export const PROMISES = {
  /** Longest life of mail without an expiry: four days. */
  maxAgeMs: 4 * 24 * HOUR,
  /** Earliest look-up after a lost answer, from the start of the call... */
  askAfterMs: MINUTE,
  /** ...and the longest wait for it. */
  askWithinMs: 2 * MINUTE,
  /** Number of look-ups without an answer before another provider gets the mail. */
  asks: 3,
  /** Longest wait. */
  longestWaitMs: HOUR,
  /** Longest first wait; later waits are at most a quarter longer than the age of the mail. */
  firstWaitMs: 1.25 * MINUTE,
  growth: 1.25,
  /** Longest time until a switch reaches every worker. */
  switchMs: 10_000,
  /** Longest time for an attempt. */
  deadlineMs: 10_000,
  /** Least time for an answer, and the least multiple of recent ones, before a call is given up. */
  answerMs: 1_000,
  answerFactor: 3,
  /** Longest invocation. */
  invocationMs: MINUTE,
  /** Largest difference between correct clocks. */
  clockMs: 1_000,
} as const;
