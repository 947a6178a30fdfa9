import type { Moment } from './circuit.ts';
import { jittered, longest } from './times.ts';

/**
 * Time for which no worker calls a provider, because the provider has throttled (a hold). `since` and `until` are in epoch
 * milliseconds.
 */
export interface RetryAfterHold {
  readonly since: number;
  readonly until: number;
  /**
   * Number of consecutive holds for which the provider gave no Retry-After. Each such hold lasts twice as long as the previous
   * hold, up to `holdMostMs`.
   */
  readonly unnamed: number;
}

/**
 * Returns the hold after one more answer by which the provider throttles. `retryAfterMs` is in milliseconds of real time;
 * undefined if the answer has no Retry-After. Returns `held` if the present hold need not be changed.
 */
export function hold(
  held: RetryAfterHold | undefined,
  retryAfterMs: number | undefined,
  { now, random, times }: Moment,
): RetryAfterHold {
  const holding = isHeld(held, { now, times }) ? held : undefined;
  const since = holding?.since ?? now;
  if (retryAfterMs !== undefined) {
    const until = now + Math.min(retryAfterMs, times.retryAfterMostMs);
    // Several messages that are sent at about the same time get almost the same Retry-After. If the present hold ends only a
    // little earlier than the new hold would, the present hold is kept, to save a write.
    return holding && holding.until >= until - times.holdMs / 4 ? holding : { since, until, unnamed: 0 };
  }
  // If several messages that are sent at the same time are throttled, this counts as one hold, not as several holds.
  if (holding) return holding;
  const unnamed = held && now - held.until < times.holdMostMs ? held.unnamed + 1 : 1;
  const ms = Math.min(times.holdMostMs, times.holdMs * 2 ** (unnamed - 1));
  return { since, until: now + jittered(ms, random), unnamed };
}

/**
 * Returns whether the hold is in force. While a hold is in force, no worker may call the provider. If the end of a hold is too
 * far in the future, a wrong clock has set it, and the hold is not in force.
 */
export function isHeld(held: RetryAfterHold | undefined, { now, times }: Pick<Moment, 'now' | 'times'>): boolean {
  return held !== undefined && now < held.until && held.until - now <= longest(times.retryAfterMostMs);
}
