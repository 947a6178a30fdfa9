import type { Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';

/**
 * Conclusion from the result of an attempt about the health of the provider. The circuit breaker uses this conclusion, and not
 * the result for the message.
 */
export type ProviderHealth =
  | { readonly kind: 'accepted' }
  /** The provider works, but did not accept this message, for example because it refused the message or a recipient. */
  | { readonly kind: 'answered' }
  /** The attempt failed, which counts towards the provider's failure rate. */
  | { readonly kind: 'failed'; readonly reason: string }
  /**
   * The provider refuses the sender of the message. If the provider is known to work, the attempt only counts towards the
   * provider's failure rate, since one wrong From address must not stop all mail. Otherwise the attempt counts as
   * `account-refused`.
   */
  | { readonly kind: 'sender-refused'; readonly reason: string }
  /**
   * The provider refuses our account. This opens a closed circuit immediately. `retryAfterMs`: milliseconds until a used-up quota
   * is available again, if the provider states the time.
   */
  | { readonly kind: 'account-refused'; readonly reason: string; readonly retryAfterMs?: number }
  /**
   * The provider throttles. This does not count as a failure, but no worker may call the provider for some time. `retryAfterMs`:
   * the provider's Retry-After in milliseconds; absent if the answer has none.
   */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  /** The attempt shows nothing about the provider: the provider was not called, or this worker alone caused the failure. */
  | { readonly kind: 'unasked' };

/**
 * Returns the conclusion about the provider from the outcomes of one attempt. The recipients of an attempt can have different
 * outcomes. If the provider accepted the message for any of them, the result is `accepted`.
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
