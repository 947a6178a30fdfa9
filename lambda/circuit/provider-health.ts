import type { Outcome } from '../mail/outcome.ts';

/** What an attempt says about the provider, whatever it meant for the mail. */
export type ProviderHealth =
  | { readonly kind: 'accepted' }
  /** It works, and did not want this message, this sender or this recipient now. */
  | { readonly kind: 'answered' }
  /** Counts by rate. */
  | { readonly kind: 'failed'; readonly reason: string }
  /**
   * Not for this sender. Counts by rate where the provider is known to work, since one wrong From address must not stop
   * everybody's mail; else as `account-refused`.
   */
  | { readonly kind: 'sender-refused'; readonly reason: string }
  /** Counts at once. `retryAfterMs` is the time until a quota begins again, where the provider tells. */
  | { readonly kind: 'account-refused'; readonly reason: string; readonly retryAfterMs?: number }
  /** Does not count; the provider wants to be left alone for a while. */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  /** Nothing is learned: the attempt was not made, or only this worker was at fault. */
  | { readonly kind: 'unasked' };

/** Reads the outcomes of one attempt, one for each group of recipients. Whoever took a part of the mail works. */
export function providerHealth(outcomes: readonly Outcome[]): ProviderHealth {
  const verdicts = outcomes.map(verdictOf);
  for (const kind of ['accepted', 'account-refused', 'failed', 'sender-refused', 'throttled', 'answered'] as const) {
    const found = verdicts.find((verdict) => verdict.kind === kind);
    if (found) return found;
  }
  return { kind: 'unasked' };
}

function verdictOf(outcome: Outcome): ProviderHealth {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'accepted' };
    case 'refused':
    case 'unrecognised':
      return { kind: 'answered' };
    case 'unknown':
      return { kind: 'failed', reason: outcome.reason };
    case 'unavailable':
      if (outcome.blames === 'worker') return { kind: 'unasked' };
      return { kind: UNAVAILABLE[outcome.blames], reason: outcome.reason, ...timeOf(outcome) };
    case 'throttled':
      if (outcome.of === 'recipient') return { kind: 'answered' };
      return { kind: 'throttled', ...timeOf(outcome) };
  }
}

function timeOf({ retryAfterMs }: { readonly retryAfterMs?: number }): { readonly retryAfterMs?: number } {
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

const UNAVAILABLE = { outage: 'failed', account: 'account-refused', sender: 'sender-refused' } as const;
