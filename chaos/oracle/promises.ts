const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * The numbers that the sender is held to.
 *
 * They are written out: a number that the oracle imported from the code under test could not show that it is wrong there.
 */
export const PROMISES = {
  /** Mail without a time of its own is tried for four days. */
  maxAgeMs: 4 * 24 * HOUR,
  /** A provider whose answer was lost is asked no earlier than this after the call began... */
  askAfterMs: MINUTE,
  /** ...and the wait for it is at most this. */
  askWithinMs: 2 * MINUTE,
  /** A provider that cannot say is asked so often before another one gets the mail. */
  asks: 3,
  /** No wait is longer. */
  longestWaitMs: HOUR,
  /** The first wait is at most this; later ones are at most a quarter longer than the mail is old. */
  firstWaitMs: 1.25 * MINUTE,
  growth: 1.25,
  /** An operator's word reaches every worker within this. */
  switchMs: 10_000,
  /** Clocks of good machines differ by no more. */
  clockMs: 1_000,
} as const;
