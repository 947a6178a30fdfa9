import type { Blame, Outcome } from '../mail/outcome.ts';
import type { Health, LookupAnswer } from './provider.ts';

/** Result of a failed question, in the terms of the provider's table for failed attempts. */
interface Failure {
  readonly blames: Blame | 'load' | 'none';
  readonly reason: string;
  readonly detail?: string;
}

/**
 * Reads the outcome of a question like that of an attempt: the same answer means the same. A 2xx whose body does not
 * answer the question is `unreadable-answer`.
 */
function failureOf(outcome: Outcome): Failure {
  const rest = outcome.detail ? { detail: outcome.detail } : {};
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

/** A look-up without a result. */
export function cannotSay(outcome: Outcome): LookupAnswer {
  const { reason, detail } = failureOf(outcome);
  return { kind: 'cannot-say', reason, ...(detail && { detail }) };
}

/** A look-up whose answer cannot be read; `detail` says what it lacks. */
export function unreadable(detail: string): LookupAnswer {
  return { kind: 'cannot-say', reason: 'unreadable-answer', detail };
}

/** The health after a failed question: only an answer about our standing says anything about the account. */
export function healthOf(outcome: Outcome): Health {
  const { blames, reason, detail } = failureOf(outcome);
  return {
    state: blames === 'account' || blames === 'sender' ? 'account-refused' : 'unreachable',
    reason,
    ...(detail && { detail }),
  };
}

/**
 * Asks, and asks once more if the connection was lost: a kept connection may have ended while the function was frozen,
 * and a question, unlike a message, may be repeated.
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
