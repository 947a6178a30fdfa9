import type { Moment } from './circuit.ts';
import { jittered, longest } from './times.ts';

/** Time for which a throttling provider is left alone. */
export interface RetryAfterHold {
  readonly since: number;
  readonly until: number;
  /** Consecutive holds without a Retry-After: each lasts twice as long as the previous one. */
  readonly unnamed: number;
}

/** The hold after one more throttling answer; `retryAfterMs` is in real time, absent if the answer gives none. */
export function hold(
  held: RetryAfterHold | undefined,
  retryAfterMs: number | undefined,
  { now, random, times }: Moment,
): RetryAfterHold {
  const holding = isHeld(held, { now, times }) ? held : undefined;
  const since = holding?.since ?? now;
  if (retryAfterMs !== undefined) {
    const until = now + Math.min(retryAfterMs, times.retryAfterMostMs);
    // Answers to simultaneous messages that name the same time differ by the time between them: each would be a write.
    return holding && holding.until >= until - times.holdMs / 4 ? holding : { since, until, unnamed: 0 };
  }
  // Throttling answers to simultaneous messages count as one hold, not as several.
  if (holding) return holding;
  const unnamed = held && now - held.until < times.holdMostMs ? held.unnamed + 1 : 1;
  const ms = Math.min(times.holdMostMs, times.holdMs * 2 ** (unnamed - 1));
  return { since, until: now + jittered(ms, random), unnamed };
}

/** Whether the provider must still be left alone. */
export function isHeld(held: RetryAfterHold | undefined, { now, times }: Pick<Moment, 'now' | 'times'>): boolean {
  return held !== undefined && now < held.until && held.until - now <= longest(times.retryAfterMostMs);
}
