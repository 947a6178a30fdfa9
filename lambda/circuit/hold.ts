import type { Moment } from './circuit.ts';
import { jittered, longest } from './times.ts';

/** Time for which no worker calls a provider, because the provider has throttled (a hold). */
export interface RetryAfterHold {
  readonly since: number;
  readonly until: number;
  /** Number of consecutive holds for which the provider gave no Retry-After. Each such hold lasts twice as long as the previous one. */
  readonly unnamed: number;
}

/**
 * Returns the hold after one more answer by which the provider throttles. `retryAfterMs` is in real time, and absent if the
 * answer has no Retry-After.
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
    // Messages that are sent at the same time get the same Retry-After within a short time. If a hold is in force and ends only a
    // little earlier, the hold is kept, to save a write.
    return holding && holding.until >= until - times.holdMs / 4 ? holding : { since, until, unnamed: 0 };
  }
  // If several messages that are sent at the same time are throttled, this counts as one hold, not as several holds.
  if (holding) return holding;
  const unnamed = held && now - held.until < times.holdMostMs ? held.unnamed + 1 : 1;
  const ms = Math.min(times.holdMostMs, times.holdMs * 2 ** (unnamed - 1));
  return { since, until: now + jittered(ms, random), unnamed };
}

/** Returns whether the hold is in force. While it is, no worker may call the provider. */
export function isHeld(held: RetryAfterHold | undefined, { now, times }: Pick<Moment, 'now' | 'times'>): boolean {
  return held !== undefined && now < held.until && held.until - now <= longest(times.retryAfterMostMs);
}
