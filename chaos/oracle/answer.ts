import type { Outcome } from '../../lambda/mail/outcome.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { ProviderCall } from './history.ts';

/** Whether the provider may have accepted the mail although the outcome of the attempt is not `accepted`. */
export function mayBeTaken(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'unknown':
      return true;
    case 'unavailable':
      return outcome.maybeTaken === true;
    case 'accepted':
    case 'throttled':
    case 'refused':
    case 'unrecognised':
      return false;
  }
}

/** Returns the fields of an answer that the rules of the oracle need. */
export function answerOf(outcome: Outcome): Omit<NonNullable<ProviderCall['answer']>, 'at'> {
  return {
    outcome: outcome.kind,
    ...defined({
      retryAfterMs: outcome.kind === 'throttled' ? outcome.retryAfterMs : undefined,
      providerMessageId: outcome.kind === 'accepted' ? outcome.providerMessageId : undefined,
    }),
  };
}
