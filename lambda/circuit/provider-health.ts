import type { Outcome } from '../mail/outcome.ts';

/** What an attempt says about the provider, independent of what it means for the message. */
export type ProviderHealth =
  | { readonly kind: 'accepted' }
  /** The provider works, and refused this message, this sender or this recipient. */
  | { readonly kind: 'answered' }
  /** Counts towards the failure rate. */
  | { readonly kind: 'failed'; readonly reason: string }
  /**
   * The provider refuses this sender. Counts towards the failure rate if the provider is known to work, since one wrong
   * From address must not stop all mail; otherwise as `account-refused`.
   */
  | { readonly kind: 'sender-refused'; readonly reason: string }
  /** Opens the circuit at once. `retryAfterMs` is the time until a quota begins again, where the provider gives it. */
  | { readonly kind: 'account-refused'; readonly reason: string; readonly retryAfterMs?: number }
  /** Does not count as a failure; the provider must be left alone for a while. */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  /** No information: no attempt was made, or only this worker was at fault. */
  | { readonly kind: 'unasked' };

/** Reads the outcomes of one attempt, one per group of recipients. A provider that accepted part of the mail works. */
export function providerHealth(outcomes: readonly Outcome[]): ProviderHealth {
  const healths = outcomes.map(healthOf);
  for (const kind of ['accepted', 'account-refused', 'failed', 'sender-refused', 'throttled', 'answered'] as const) {
    const found = healths.find((health) => health.kind === kind);
    if (found) return found;
  }
  return { kind: 'unasked' };
}

function healthOf(outcome: Outcome): ProviderHealth {
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
