import type { CircuitTimes } from './times.ts';

/**
 * Numbers of attempts and failures in one bucket. A bucket covers 10 seconds of stack time (which on a local stack may run faster
 * than the clock).
 */
export interface Bucket {
  /** Start of the bucket, in epoch milliseconds. */
  readonly at: number;
  readonly attempts: number;
  readonly failures: number;
}

/** The numbers of recent attempts, in buckets; the oldest bucket is first. */
export type AttemptWindow = readonly Bucket[];

/** Smallest number of attempts from which a provider can count as failing. */
const FLOOR = 5;

/** If at least this fraction of the attempts failed, the provider counts as failing. */
const FAILING = 0.5;

/** Returns the window with one more attempt counted. */
export function countAttempt(window: AttemptWindow, failed: boolean, now: number, times: CircuitTimes): AttemptWindow {
  const at = Math.floor(now / times.bucketMs) * times.bucketMs;
  return mergeWindows(window, [{ at, attempts: 1, failures: failed ? 1 : 0 }], now, times);
}

/**
 * Returns the sum of two windows, without buckets that are older than the window. Buckets that are further in the future than the
 * length of the window are also left out, since a wrong clock has set them.
 */
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
 * Returns whether at least half of the attempts failed, in the whole window or in its two newest buckets. The whole window shows
 * the failures of a provider that gets few messages. The two newest buckets show the failures of a provider that has just begun
 * to fail and had accepted thousands of messages in the same window.
 */
export function isFailing(window: AttemptWindow, now: number, times: CircuitTimes): boolean {
  return [times.windowMs, 2 * times.bucketMs].some((span) => {
    const sum = total(window.filter(({ at }) => Math.abs(now - at) < span));
    return sum.attempts >= FLOOR && sum.failures >= FAILING * sum.attempts;
  });
}

/** Returns the sums of the attempts and of the failures in all buckets. */
export function total(window: AttemptWindow): { readonly attempts: number; readonly failures: number } {
  return {
    attempts: window.reduce((sum, { attempts }) => sum + attempts, 0),
    failures: window.reduce((sum, { failures }) => sum + failures, 0),
  };
}
