import type { Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';

/** Result of an attempt as the provider's circuit breaker uses it, independent of the result for the message. */
export type ProviderHealth =
  | { readonly kind: 'accepted' }
  /** The provider works, but did not accept this message, for example because it refused the message or a recipient. */
  | { readonly kind: 'answered' }
  /** The attempt failed, which counts towards the provider's failure rate. */
  | { readonly kind: 'failed'; readonly reason: string }
  /**
   * The provider refuses the sender of the message. If the provider is known to work, the attempt counts towards the failure
   * rate, since one wrong From address must not stop all mail. Otherwise the attempt counts as `account-refused`.
   */
  | { readonly kind: 'sender-refused'; readonly reason: string }
  /**
   * The provider refuses our account at the provider. This opens the circuit immediately. `retryAfterMs`: time until a used-up
   * quota is available again, if the provider states the time.
   */
  | { readonly kind: 'account-refused'; readonly reason: string; readonly retryAfterMs?: number }
  /** The provider throttles. This does not count as a failure, but no worker may call the provider for some time. */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  /** The attempt shows nothing about the provider: the provider was not called, or only this worker caused the failure. */
  | { readonly kind: 'unasked' };

/**
 * Returns the result of one attempt for the circuit breaker from the outcomes of the attempt, one for each group of recipients. A
 * provider that accepted the message for one group counts as working.
 */
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
      return {
        kind: UNAVAILABLE[outcome.blames],
        reason: outcome.reason,
        ...defined({ retryAfterMs: outcome.retryAfterMs }),
      };
    case 'throttled':
      if (outcome.of === 'recipient') return { kind: 'answered' };
      return { kind: 'throttled', ...defined({ retryAfterMs: outcome.retryAfterMs }) };
  }
}

const UNAVAILABLE = { outage: 'failed', account: 'account-refused', sender: 'sender-refused' } as const;
