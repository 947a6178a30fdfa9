import type { Moment } from './circuit.ts';
import { jittered, longest } from './times.ts';

/** A provider has asked for time. */
export interface RetryAfterHold {
  readonly since: number;
  readonly until: number;
  /** Holds in a row that named no time: each one lasts twice as long. */
  readonly unnamed: number;
}

/** The hold after one more answer that asks for time; `retryAfterMs` is real time, absent if the answer names none. */
export function hold(
  held: RetryAfterHold | undefined,
  retryAfterMs: number | undefined,
  { now, random, times }: Moment,
): RetryAfterHold {
  const holding = isHeld(held, { now, times }) ? held : undefined;
  const since = holding?.since ?? now;
  if (retryAfterMs !== undefined) {
    const until = now + Math.min(retryAfterMs, times.retryAfterMostMs);
    return holding && holding.until >= until ? holding : { since, until, unnamed: 0 };
  }
  // Answers to mails that were under way together are one request for time, not several.
  if (holding) return holding;
  const unnamed = held && now - held.until < times.holdMostMs ? held.unnamed + 1 : 1;
  const ms = Math.min(times.holdMostMs, times.holdMs * 2 ** (unnamed - 1));
  return { since, until: now + jittered(ms, random), unnamed };
}

/** Whether the provider is still to be left alone. */
export function isHeld(held: RetryAfterHold | undefined, { now, times }: Pick<Moment, 'now' | 'times'>): boolean {
  return held !== undefined && now < held.until && held.until - now <= longest(times.retryAfterMostMs);
}
