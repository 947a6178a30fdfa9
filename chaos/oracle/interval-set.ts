const MINUTE = 60_000;

/** A set of time intervals, with a resolution of one minute. */
export class IntervalSet {
  private readonly minutes = new Set<number>();

  add(from: number, to: number): void {
    for (let minute = minuteOf(from); minute <= minuteOf(to); minute += 1) this.minutes.add(minute);
  }

  /** Whether one of the intervals includes at least one minute of the time from `from` to `to`. */
  overlaps(from: number, to: number): boolean {
    for (let minute = minuteOf(from); minute <= minuteOf(to); minute += 1) if (this.minutes.has(minute)) return true;
    return false;
  }
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE);
}
