/** All durations of a provider's circuit breaker, in milliseconds of real time. */
export interface CircuitTimes {
  /** Length of one bucket. The time window in which attempts are counted consists of buckets of this length. */
  readonly bucketMs: number;
  /** Length of the time window in which attempts are counted. Older attempts no longer count. */
  readonly windowMs: number;
  /** Shortest and longest time for which a circuit stays open. The time doubles each time that the circuit opens again. */
  readonly openMs: number;
  readonly openMostMs: number;
  /** If a circuit was closed for longer than this time, the next open state lasts for the shortest open time again. */
  readonly calmMs: number;
  /**
   * Longest time for which a worker uses the state that it last read from the table, if the table answers. After this time, every
   * worker knows that a circuit has opened or that an operator has isolated a provider.
   */
  readonly freshMs: number;
  /**
   * Slow start: after a circuit has closed, only a fraction of the messages may use the provider. The fraction doubles each time
   * that this time has passed.
   */
  readonly warmMs: number;
  /**
   * Shortest and longest hold without a Retry-After. A hold is the time for which a provider is not called after it has
   * throttled. Each consecutive hold without a Retry-After lasts twice as long as the previous hold.
   */
  readonly holdMs: number;
  readonly holdMostMs: number;
  /**
   * Upper limit for a Retry-After of a provider. After this time the provider is called again, even if its Retry-After was
   * longer.
   */
  readonly retryAfterMostMs: number;
  /** Shortest and longest quiet time: the time for which a worker does not call a provider after a failed probe. */
  readonly quietMs: number;
  readonly quietMostMs: number;
}

const SECOND = 1_000;

/**
 * The durations in stack time (which on a local stack may run faster than the clock). The shortest open time is longer than a
 * restart or a deployment at the provider. With the longest open time, a provider that is down for weeks costs one attempt in ten
 * minutes. The shortest quiet time of a worker is much shorter than the time window in which attempts are counted. Therefore even
 * a single worker can make enough failed attempts within the window to open the circuit.
 */
const STACK_TIMES: CircuitTimes = {
  bucketMs: 10 * SECOND,
  windowMs: 60 * SECOND,
  openMs: 30 * SECOND,
  openMostMs: 600 * SECOND,
  calmMs: 600 * SECOND,
  freshMs: 10 * SECOND,
  warmMs: 10 * SECOND,
  holdMs: 2 * SECOND,
  holdMostMs: 60 * SECOND,
  retryAfterMostMs: 3_600 * SECOND,
  quietMs: 5 * SECOND,
  quietMostMs: 30 * SECOND,
};

/**
 * Converts the durations from stack time to real time. `timeScale` is the number of seconds of stack time in one second of the
 * clock.
 */
export function circuitTimes(timeScale: number): CircuitTimes {
  const scaled = Object.entries(STACK_TIMES).map(([name, ms]) => [name, ms / timeScale]);
  return Object.fromEntries(scaled) as Record<keyof CircuitTimes, number>;
}

/**
 * Returns a duration that is longer than `ms` by up to a quarter. Therefore waits that began at the same time do not all end at
 * the same time. `random` is in [0, 1).
 */
export function jittered(ms: number, random: number): number {
  return ms * (1 + random / 4);
}

/** Returns the longest duration that {@link jittered} can return for `ms`. */
export function longest(ms: number): number {
  return ms * 1.25;
}
