import type { ProviderConfig } from '../contract/providers.ts';
import type { Message } from '../mail/message.ts';
import { type AttemptResult, AUTHENTICATION, MAX_DETAIL, mapOutcomes } from '../mail/outcome.ts';
import { workerReason } from '../mail/reason.ts';
import { givesAway, hiddenOf, isOrdinary, type Redact, redactor } from '../mail/redact.ts';
import type { Secret } from '../platform/secrets.ts';
import type { ProviderPool } from '../providers/pool.ts';
import type { Attempt, LookupAnswer, Question } from '../providers/provider.ts';
import { askTwice } from '../providers/question.ts';

/** Makes one attempt to send a message through one provider. Returns every failure as a value, and never throws. */
export type CallProvider = (provider: ProviderConfig, attempt: Attempt) => Promise<AttemptResult | NotCalled>;

/**
 * Result if this worker could not call the provider, with the reason. The provider has accepted nothing, and the result proves no
 * fault of the provider.
 */
export interface NotCalled {
  readonly notCalled: string;
}

/**
 * Asks a provider whether it accepted the message of an attempt with an unknown outcome. Returns every failure as a value, and
 * never throws.
 */
export type LookUp = (provider: ProviderConfig, question: Question) => Promise<LookupAnswer>;

/** Returns a function that makes attempts through the providers of a pool. */
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
        // The circuit breaker treats an unusable provider (its secret is faulty or does not fit its options) like an account that
        // the provider refuses: nothing was sent, and the next message would fail as well.
        return { outcome: { ...used, kind: 'unavailable', blames: 'account' } };
      case 'unready':
        return { notCalled: used.reason };
      case 'crashed':
        // A defect in Mailover's code for one provider must not stop the other providers. It is unknown whether the message
        // was sent.
        return { outcome: { kind: 'unknown', reason: 'crashed', detail: used.detail } };
    }
  };
}

/**
 * Returns the result of an attempt. In the texts of the provider's answer, all parts of the message and of the secret are masked.
 * If the provider's message id contains an address or a name of the message, the id is replaced by the message's handle.
 */
function concealed(result: AttemptResult, message: Message, secret: Secret): AttemptResult {
  let conceal: Redact | undefined;
  return mapOutcomes(result, (one) => {
    if (one.kind === 'accepted' && givesAway(one.providerMessageId, message))
      return { kind: 'accepted', providerMessageId: message.handle };
    if (one.detail === undefined || isOrdinary(one.detail)) return one;
    conceal ??= redactor(hiddenOf(message, secret));
    return { ...one, detail: conceal(withoutCutWord(one.detail)) };
  });
}

/**
 * Removes the last word from a shortened text. This word may be the start of a longer word that must be masked, and the masking
 * would not recognise the start.
 */
function withoutCutWord(detail: string): string {
  return detail.length < MAX_DETAIL ? detail : detail.replace(/\S{1,250}$/, '');
}

/** Reason of a failed query: providers of this type have no API for queries about earlier attempts. */
export const NOT_ASKABLE = 'not-askable';

/** Returns a function that asks the providers of a pool about attempts with an unknown outcome. */
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
        // The text of a failed answer to a query is left out. Only the reason is kept.
        return used.result.kind === 'answered' ? used.result : { kind: 'cannot-say', reason: used.result.reason };
      case 'unusable':
      case 'unready':
        return { ...used, kind: 'cannot-say' };
      case 'crashed':
        return { kind: 'cannot-say', reason: 'crashed', detail: used.detail };
    }
  };
}
