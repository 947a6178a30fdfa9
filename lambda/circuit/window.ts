import type { CircuitTimes } from './times.ts';

/** Attempts of a few seconds. */
export interface Bucket {
  /** Where it begins, in epoch milliseconds. */
  readonly at: number;
  readonly attempts: number;
  readonly failures: number;
}

/** What was counted lately, oldest bucket first. */
export type AttemptWindow = readonly Bucket[];

/** Fewer attempts than this prove nothing. */
const FLOOR = 5;

/** From this share of failures on, a provider is failing. */
const FAILING = 0.5;

/** One more attempt. */
export function count(window: AttemptWindow, failed: boolean, now: number, times: CircuitTimes): AttemptWindow {
  const at = Math.floor(now / times.bucketMs) * times.bucketMs;
  return merge(window, [{ at, attempts: 1, failures: failed ? 1 : 0 }], now, times);
}

/** Both windows together, without what is too old to count (or from a future that a wrong clock made up). */
export function merge(one: AttemptWindow, other: AttemptWindow, now: number, times: CircuitTimes): AttemptWindow {
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
 * Whether half of the attempts failed, in the whole window or in its two newest buckets: the former finds a broken
 * provider that sees a mail now and then, the latter one that took thousands of mails until just now.
 */
export function isFailing(window: AttemptWindow, now: number, times: CircuitTimes): boolean {
  return [times.windowMs, 2 * times.bucketMs].some((span) => {
    const sum = total(window.filter(({ at }) => Math.abs(now - at) < span));
    return sum.attempts >= FLOOR && sum.failures >= FAILING * sum.attempts;
  });
}

/** All buckets together. */
export function total(window: AttemptWindow): { readonly attempts: number; readonly failures: number } {
  return {
    attempts: window.reduce((sum, { attempts }) => sum + attempts, 0),
    failures: window.reduce((sum, { failures }) => sum + failures, 0),
  };
}
