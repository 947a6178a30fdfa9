import type { ProviderConfig } from '../contract/providers.ts';
import type { Message } from '../mail/message.ts';
import { type AttemptResult, AUTHENTICATION, MAX_DETAIL, type Outcome } from '../mail/outcome.ts';
import { workerReason } from '../mail/reason.ts';
import { givesAway, hiddenOf, isOrdinary, type Redact, redactor } from '../mail/redact.ts';
import type { Secret } from '../platform/secrets.ts';
import type { ProviderPool } from '../providers/pool.ts';
import type { Attempt, LookupAnswer, Question } from '../providers/provider.ts';
import { askTwice } from '../providers/question.ts';

/** Calls one provider once; whatever happens is a value. */
export type CallProvider = (provider: ProviderConfig, attempt: Attempt) => Promise<AttemptResult | NotCalled>;

/** This worker could not call the provider just now: nothing was sent, and nothing is to be learned about the provider. */
export interface NotCalled {
  readonly notCalled: string;
}

/** Asks a provider what became of an attempt whose answer was lost; whatever happens is a value. */
export type LookUp = (provider: ProviderConfig, question: Question) => Promise<LookupAnswer>;

/** Attempts, by the providers of a pool. */
export function providerCaller(pool: ProviderPool): CallProvider {
  return async (config, attempt) => {
    const used = await pool.use(config, {
      ...attempt,
      call: (provider, deadlineMs) => provider.send({ ...attempt, deadlineMs }),
      ownFault: ({ outcome, recipients }) =>
        recipients || outcome.kind !== 'unavailable' ? undefined : workerReason(outcome.reason),
      isAuthentication: ({ outcome }) => outcome.kind === 'unavailable' && outcome.reason === AUTHENTICATION,
    });
    switch (used.kind) {
      case 'done':
        return concealed(used.result, attempt.message, used.secret);
      case 'unusable':
        // To its circuit the same as a refused account: nothing was sent, and the next mail fares no better.
        return { outcome: { ...used, kind: 'unavailable', blames: 'account' } };
      case 'unready':
        return { notCalled: used.reason };
      case 'crashed':
        // A defect of ours in one provider's code must not keep the mail from the others; whether it went out is not known.
        return { outcome: { kind: 'unknown', reason: 'crashed', detail: used.detail } };
    }
  };
}

/** The same result, in whose words nothing is left of the message or of the secret. */
function concealed({ outcome, recipients }: AttemptResult, message: Message, secret: Secret): AttemptResult {
  let conceal: Redact | undefined;
  const clean = (one: Outcome): Outcome => {
    if (one.kind === 'accepted' && givesAway(one.providerMessageId, message))
      return { kind: 'accepted', providerMessageId: message.handle };
    if (one.detail === undefined || isOrdinary(one.detail)) return one;
    conceal ??= redactor(hiddenOf(message, secret));
    return { ...one, detail: conceal(withoutCutWord(one.detail)) };
  };
  return {
    outcome: clean(outcome),
    ...(recipients && { recipients: new Map(Array.from(recipients, ([address, one]) => [address, clean(one)])) }),
  };
}

/** The last word of a detail that was cut may be the beginning of one that is to be hidden. */
function withoutCutWord(detail: string): string {
  return detail.length < MAX_DETAIL ? detail : detail.replace(/\S{1,250}$/, '');
}

/** Why a provider type cannot say that offers no way to ask. */
export const NOT_ASKABLE = 'not-askable';

/** Questions about earlier attempts, by the same providers. */
export function providerLookUp(pool: ProviderPool): LookUp {
  return async (config, question) => {
    const used = await pool.use(config, {
      ...question,
      call: (provider, leftMs) =>
        askTwice(leftMs, question.connectMs, async (deadlineMs): Promise<LookupAnswer> => {
          const answer = await provider.lookup?.({ ...question, deadlineMs });
          return answer ?? { kind: 'cannot-say', reason: NOT_ASKABLE };
        }),
      ownFault: (answer) => (answer.kind === 'cannot-say' ? workerReason(answer.reason) : undefined),
      isAuthentication: (answer) => answer.kind === 'cannot-say' && answer.reason === AUTHENTICATION,
    });
    switch (used.kind) {
      case 'done':
        // Nobody keeps what a provider says to a question.
        return used.result.kind === 'answered' ? used.result : { kind: 'cannot-say', reason: used.result.reason };
      case 'unusable':
      case 'unready':
        return { ...used, kind: 'cannot-say' };
      case 'crashed':
        return { kind: 'cannot-say', reason: 'crashed', detail: used.detail };
    }
  };
}
