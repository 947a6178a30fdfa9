/** How fast stack time runs. */
export interface Speed {
  /**
   * Stack time runs so many times faster than the clock.
   * @default 1
   */
  readonly timeScale?: number;
  /** Since when, in epoch milliseconds; only a local stack whose time changed its speed has it. What was before counts as it was on the clock. */
  readonly timeScaleSince?: number;
}

/** Milliseconds of stack time from one moment of the clock to a later one; 0 if it is not later. */
export function stackAge(from: number, now: number, { timeScale = 1, timeScaleSince = 0 }: Speed): number {
  const slow = Math.max(0, Math.min(now, timeScaleSince) - from);
  return slow + Math.max(0, now - Math.max(from, timeScaleSince)) * timeScale;
}
