import type { Outcome } from '../../lambda/mail/outcome.ts';
import type { ProviderCall } from './story.ts';

/** Whether the provider may have accepted the mail although its answer does not say so. */
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

/** What the oracle keeps of an answer. */
export function answerOf(outcome: Outcome): Omit<NonNullable<ProviderCall['answer']>, 'at'> {
  return {
    outcome: outcome.kind,
    ...(outcome.kind === 'throttled' && outcome.retryAfterMs !== undefined && { retryAfterMs: outcome.retryAfterMs }),
    ...(outcome.kind === 'accepted' && { providerMessageId: outcome.providerMessageId }),
  };
}
