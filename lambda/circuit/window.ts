import type { CircuitTimes } from './times.ts';

/** Attempts and failures of one bucket (10 s of stack time). */
export interface Bucket {
  /** Its start, in epoch milliseconds. */
  readonly at: number;
  readonly attempts: number;
  readonly failures: number;
}

/** Recent attempts, oldest bucket first. */
export type AttemptWindow = readonly Bucket[];

/** Least number of attempts for a decision. */
const FLOOR = 5;

/** Share of failures from which on a provider is failing. */
const FAILING = 0.5;

/** The window with one more attempt. */
export function count(window: AttemptWindow, failed: boolean, now: number, times: CircuitTimes): AttemptWindow {
  const at = Math.floor(now / times.bucketMs) * times.bucketMs;
  return mergeWindows(window, [{ at, attempts: 1, failures: failed ? 1 : 0 }], now, times);
}

/** The sum of two windows, without buckets that are too old, or in the future because of a wrong clock. */
export function mergeWindows(
  one: AttemptWindow,
  other: AttemptWindow,
  now: number,
  times: CircuitTimes,
): AttemptWindow {
  const sums = new Map<number, Bucket>();
  for (const bucket of [...one, ...other]) {
    if (Math.abs(now - bucket.at) >= times.windowMs) continue;
    const { attempts = 0, failures = 0 } = sums.get(bucket.at) ?? {};
    const sum = { attempts: attempts + bucket.attempts, failures: failures + bucket.failures };
    sums.set(bucket.at, { at: bucket.at, ...sum });
  }
  return [...sums.values()].sort((a, b) => a.at - b.at);
}

/**
 * Whether half of the attempts failed, in the whole window or in its two newest buckets: the former finds a provider that
 * gets few messages, the latter one that accepted thousands until a moment ago.
 */
export function isFailing(window: AttemptWindow, now: number, times: CircuitTimes): boolean {
  return [times.windowMs, 2 * times.bucketMs].some((span) => {
    const sum = total(window.filter(({ at }) => Math.abs(now - at) < span));
    return sum.attempts >= FLOOR && sum.failures >= FAILING * sum.attempts;
  });
}

/** Sums of all buckets. */
export function total(window: AttemptWindow): { readonly attempts: number; readonly failures: number } {
  return {
    attempts: window.reduce((sum, { attempts }) => sum + attempts, 0),
    failures: window.reduce((sum, { failures }) => sum + failures, 0),
  };
}
