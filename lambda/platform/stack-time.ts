/** Speed of stack time. */
export interface Speed {
  /**
   * How many times faster stack time runs than the clock.
   * @default 1
   */
  readonly timeScale?: number | undefined;
  /**
   * When the speed took effect, in epoch milliseconds; set only by a local stack. Time before it counts at the speed of
   * the clock.
   */
  readonly timeScaleSince?: number | undefined;
  /** Stack time at that moment. */
  readonly stackTimeSince?: number | undefined;
}

/** Stack time at a time of the clock, in milliseconds; on a local stack it does not jump when the speed is changed. */
export function stackTime(now: number, { timeScale = 1, timeScaleSince = 0, stackTimeSince = 0 }: Speed): number {
  return stackTimeSince + (now - timeScaleSince) * timeScale;
}

/** Milliseconds of stack time between two times of the clock; 0 if the second is not later. */
export function stackAge(from: number, now: number, { timeScale = 1, timeScaleSince = 0 }: Speed): number {
  const slow = Math.max(0, Math.min(now, timeScaleSince) - from);
  return slow + Math.max(0, now - Math.max(from, timeScaleSince)) * timeScale;
}
