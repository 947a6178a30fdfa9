/** Every duration of a circuit, in real milliseconds. */
export interface CircuitTimes {
  /** Length of one bucket of the window in which attempts are counted. */
  readonly bucketMs: number;
  /** Failures older than this no longer count. */
  readonly windowMs: number;
  /** How long a circuit stays open: the first time, and at most; it doubles in between. */
  readonly openMs: number;
  readonly openMostMs: number;
  /** After this long in closed state a circuit opens with the shortest open time again. */
  readonly calmMs: number;
  /**
   * Longest use of a read of the table: within it every worker knows of a circuit that opened, and of an operator's switch.
   */
  readonly freshMs: number;
  /** Slow start: time after which the admitted fraction doubles. */
  readonly warmMs: number;
  /** A hold without a Retry-After: the first time, and at most; it doubles in between. */
  readonly holdMs: number;
  readonly holdMostMs: number;
  /** Upper limit of a Retry-After: after it one message asks again. */
  readonly retryAfterMostMs: number;
  /** How long a worker leaves a provider alone after a failed probe: the first time, and at most. */
  readonly quietMs: number;
  readonly quietMostMs: number;
}

const SECOND = 1_000;

/**
 * In stack time. The first open time is longer than a restart or a deployment at the provider; with the longest open
 * time a provider that is down for weeks costs one attempt in ten minutes. A worker's quiet time starts well below the
 * window, so that a single worker reaches the least number of failures within it.
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

/** The durations under a time scale: stack time runs `timeScale` times faster than the clock. */
export function circuitTimes(timeScale: number): CircuitTimes {
  const scaled = Object.entries(STACK_TIMES).map(([name, ms]) => [name, ms / timeScale]);
  return Object.fromEntries(scaled) as Record<keyof CircuitTimes, number>;
}

/** A duration up to a quarter longer, so that waits that began together do not end together. `random` is in [0, 1). */
export function jittered(ms: number, random: number): number {
  return ms * (1 + random / 4);
}

/** The longest result of {@link jittered}. */
export function longest(ms: number): number {
  return ms * 1.25;
}
