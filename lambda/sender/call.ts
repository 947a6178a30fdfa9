import type { ProviderConfig } from '../contract/providers.ts';
import type { Message } from '../mail/message.ts';
import { type AttemptResult, AUTHENTICATION, MAX_DETAIL, mapOutcomes } from '../mail/outcome.ts';
import { workerReason } from '../mail/reason.ts';
import { givesAway, hiddenOf, isOrdinary, type Redact, redactor } from '../mail/redact.ts';
import type { Secret } from '../platform/secrets.ts';
import type { ProviderPool } from '../providers/pool.ts';
import type { Attempt, LookupAnswer, Question } from '../providers/provider.ts';
import { askTwice } from '../providers/question.ts';

/** Calls one provider once; every result is a value. */
export type CallProvider = (provider: ProviderConfig, attempt: Attempt) => Promise<AttemptResult | NotCalled>;

/** This worker could not call the provider now: nothing was sent, and it says nothing about the provider. */
export interface NotCalled {
  readonly notCalled: string;
}

/** Asks a provider about an attempt with an unknown outcome; every result is a value. */
export type LookUp = (provider: ProviderConfig, question: Question) => Promise<LookupAnswer>;

/** Attempts through the providers of a pool. */
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
        // The circuit treats this like a refused account: nothing was sent, and the next message would fail as well.
        return { outcome: { ...used, kind: 'unavailable', blames: 'account' } };
      case 'unready':
        return { notCalled: used.reason };
      case 'crashed':
        // A defect of ours in one provider's code must not stop the other providers; whether the message was sent is
        // unknown.
        return { outcome: { kind: 'unknown', reason: 'crashed', detail: used.detail } };
    }
  };
}

/** The same result, with message and secret removed from its words. */
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

/** The last word of a shortened detail may be the start of one to be masked. */
function withoutCutWord(detail: string): string {
  return detail.length < MAX_DETAIL ? detail : detail.replace(/\S{1,250}$/, '');
}

/** Reason for a provider type that cannot be asked. */
export const NOT_ASKABLE = 'not-askable';

/** Questions about earlier attempts, through the same providers. */
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
        // The words of an answer to a question are not kept.
        return used.result.kind === 'answered' ? used.result : { kind: 'cannot-say', reason: used.result.reason };
      case 'unusable':
      case 'unready':
        return { ...used, kind: 'cannot-say' };
      case 'crashed':
        return { kind: 'cannot-say', reason: 'crashed', detail: used.detail };
    }
  };
}
