/** Every duration of a circuit, in real milliseconds. */
export interface CircuitTimes {
  /** Length of one bucket of the window in which attempts are counted. */
  readonly bucketMs: number;
  /** Failures older than this no longer count. */
  readonly windowMs: number;
  /** How long a circuit stays open the first time, and at most; it doubles in between. */
  readonly openMs: number;
  readonly openMostMs: number;
  /** A circuit that stayed closed for this long begins with the shortest open time again. */
  readonly calmMs: number;
  /** In slow start the fraction of mail that is let in doubles after each of these. */
  readonly warmMs: number;
  /** A hold without a Retry-After, the first time and at most; it doubles in between. */
  readonly holdMs: number;
  readonly holdMostMs: number;
  /** A longer Retry-After is cut to this: after it one mail asks again. */
  readonly retryAfterMostMs: number;
  /** How long a worker leaves a provider alone after a failed probe, the first time and at most. */
  readonly quietMs: number;
  readonly quietMostMs: number;
}

const SECOND = 1_000;

/**
 * In stack time. The first open time outlasts a restart or a deployment at the provider; the longest is what a mail may
 * cost one attempt in ten minutes while a provider is away for weeks. A worker's quiet time starts well below the
 * window, so that a single worker alone reaches the floor of failures within it.
 */
const STACK_TIMES: CircuitTimes = {
  bucketMs: 10 * SECOND,
  windowMs: 60 * SECOND,
  openMs: 30 * SECOND,
  openMostMs: 600 * SECOND,
  calmMs: 600 * SECOND,
  warmMs: 10 * SECOND,
  holdMs: 2 * SECOND,
  holdMostMs: 60 * SECOND,
  retryAfterMostMs: 3_600 * SECOND,
  quietMs: 5 * SECOND,
  quietMostMs: 30 * SECOND,
};

/** The durations under a time scale: stack time runs so many times faster than the clock. */
export function circuitTimes(timeScale: number): CircuitTimes {
  const scaled = Object.entries(STACK_TIMES).map(([name, ms]) => [name, ms / timeScale]);
  return Object.fromEntries(scaled) as Record<keyof CircuitTimes, number>;
}

/** Up to a quarter longer, so that what ended together does not begin together. `random` is in [0, 1). */
export function jittered(ms: number, random: number): number {
  return ms * (1 + random / 4);
}

/** The longest that {@link jittered} makes of it. */
export function longest(ms: number): number {
  return ms * 1.25;
}
