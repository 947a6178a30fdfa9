import type { Blame, Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import type { Health, LookupAnswer } from './provider.ts';

/** Failure of a look-up or health check without a usable answer, with the same blames and reasons as a failed attempt. */
interface Failure {
  readonly blames: Blame | 'load' | 'none';
  readonly reason: string;
  readonly detail?: string;
}

/**
 * Converts the outcome of a look-up or health check to a failure. The caller has classified the provider's answer with the same
 * table as an answer to an attempt. A 2xx answer whose body does not answer the question becomes `unreadable-answer`.
 */
function failureOf(outcome: Outcome): Failure {
  const rest = defined({ detail: outcome.detail || undefined });
  switch (outcome.kind) {
    case 'accepted':
      return { blames: 'none', reason: 'unreadable-answer', ...rest };
    case 'throttled':
      return { blames: 'load', reason: outcome.reason, ...rest };
    case 'unrecognised':
      return { blames: 'message', reason: outcome.reason, ...rest };
    case 'unavailable':
    case 'refused':
      return { blames: outcome.blames, reason: outcome.reason, ...rest };
    case 'unknown':
      return {
        blames: 'none',
        reason: outcome.reason === 'no-message-id' ? 'unreadable-answer' : outcome.reason,
        ...rest,
      };
  }
}

/** Returns the result of a look-up without a usable answer, with the reason of `outcome`. */
export function cannotSay(outcome: Outcome): LookupAnswer {
  const { blames: _, ...answer } = failureOf(outcome);
  return { kind: 'cannot-say', ...answer };
}

/** Returns the result of a look-up whose answer cannot be read; `detail` states the fault. */
export function unreadable(detail: string): LookupAnswer {
  return { kind: 'cannot-say', reason: 'unreadable-answer', detail };
}

/**
 * Returns the result of a health check without a usable answer. Its state is `account-refused` if `outcome` blames our account or
 * our From address, and otherwise `unreachable`.
 */
export function healthOf(outcome: Outcome): Health {
  const { blames, ...health } = failureOf(outcome);
  return { state: blames === 'account' || blames === 'sender' ? 'account-refused' : 'unreachable', ...health };
}

/**
 * Makes a look-up or health check, and repeats it once if the connection was lost. A keep-alive connection may have ended while
 * the Lambda function was frozen. A look-up or health check has no effects at the provider, so it can be repeated safely.
 */
export async function askTwice<Answer extends LookupAnswer | Health>(
  deadlineMs: number,
  connectMs: number,
  ask: (deadlineMs: number) => Promise<Answer>,
): Promise<Answer> {
  const begun = performance.now();
  const first = await ask(deadlineMs);
  const leftMs = deadlineMs - (performance.now() - begun);
  const lost = 'reason' in first && first.reason === 'connection-lost';
  return lost && leftMs > connectMs ? await ask(leftMs) : first;
}
