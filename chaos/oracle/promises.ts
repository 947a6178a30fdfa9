const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * Limits that the documentation promises.
 *
 * The numbers are copied from the documentation. If the oracle imported the numbers from the code under test, it would not detect
 * a wrong number in that code.
 */
export const PROMISES = {
  /** Longest time for which the sender tries to send mail without an expiry: four days. */
  maxAgeMs: 4 * 24 * HOUR,
  /**
   * If the answer to a call of a provider was lost, the sender waits at least this time, from the start of the call, before it
   * looks the mail up at the provider.
   */
  askAfterMs: MINUTE,
  /** Longest time from the start of a call whose answer was lost to the look-up of the mail at the provider. */
  askWithinMs: 2 * MINUTE,
  /** Number of look-ups without an answer after which another provider gets the mail. */
  asks: 3,
  /** Longest wait of a mail between two rounds of attempts. */
  longestWaitMs: HOUR,
  /** Largest ratio of a mail's wait to the age of the mail. */
  growth: 1.25,
  /**
   * Longest time from an operator's command (isolate or release a provider, pause a class of mail) until every worker obeys the
   * command.
   */
  switchMs: 10_000,
  /** Longest duration of one attempt at a provider. */
  deadlineMs: 10_000,
  /**
   * Before the sender gives up a call, it waits for the answer at least this number of milliseconds (`answerMs`), and at least a
   * multiple of the times of recent answers (`answerFactor`).
   */
  answerMs: 1_000,
  answerFactor: 3,
  /** Longest duration of an invocation of the sender function. */
  invocationMs: MINUTE,
  /** Largest difference between two correct clocks. */
  clockMs: 1_000,
} as const;
