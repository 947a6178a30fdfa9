/**
 * Speed of stack time. Mailover measures waits and ages in stack time; on a local stack, stack time may run faster than the real
 * clock.
 */
export interface Speed {
  /**
   * Number of seconds of stack time in one second of the real clock.
   * @default 1
   */
  readonly timeScale?: number | undefined;
  /**
   * Real time at which the speed took effect, in epoch milliseconds. Only a local stack sets it. Before this time, stack time ran at the
   * speed of the real clock.
   */
  readonly timeScaleSince?: number | undefined;
  /** Stack time at which the speed took effect, in epoch milliseconds. */
  readonly stackTimeSince?: number | undefined;
}

/**
 * Converts a time of the real clock to stack time, both in epoch milliseconds. If the speed of a local stack is changed, stack time continues
 * without a jump.
 */
export function stackTime(now: number, { timeScale = 1, timeScaleSince = 0, stackTimeSince = 0 }: Speed): number {
  return stackTimeSince + (now - timeScaleSince) * timeScale;
}

/** Returns the milliseconds of stack time between two times of the real clock; 0 if `now` is not later than `from`. */
export function stackAge(from: number, now: number, { timeScale = 1, timeScaleSince = 0 }: Speed): number {
  const slow = Math.max(0, Math.min(now, timeScaleSince) - from);
  return slow + Math.max(0, now - Math.max(from, timeScaleSince)) * timeScale;
}
