import type { ProviderConfig } from '../contract/providers.ts';
import { type AttemptResult, AUTHENTICATION } from '../mail/outcome.ts';
import type { ProviderPool } from '../providers/pool.ts';
import type { Attempt, LookupAnswer, Question } from '../providers/provider.ts';
import { askTwice } from '../providers/question.ts';

/** Calls one provider once; whatever happens is a value. */
export type CallProvider = (provider: ProviderConfig, attempt: Attempt) => Promise<AttemptResult>;

/** Asks a provider what became of an attempt whose answer was lost; whatever happens is a value. */
export type LookUp = (provider: ProviderConfig, question: Question) => Promise<LookupAnswer>;

/** Attempts, by the providers of a pool. */
export function providerCaller(pool: ProviderPool): CallProvider {
  return async (config, attempt) => {
    const used = await pool.use(config, {
      ...attempt,
      call: (provider, deadlineMs) => provider.send({ ...attempt, deadlineMs }),
      isAuthentication: ({ outcome }) => outcome.kind === 'unavailable' && outcome.reason === AUTHENTICATION,
    });
    switch (used.kind) {
      case 'done':
        return used.result;
      case 'unusable':
        // To its circuit the same as a refused account: nothing was sent, and the next mail fares no better.
        return { outcome: { ...used, kind: 'unavailable', blames: 'account' } };
      case 'crashed':
        // A defect of ours in one provider's code must not keep the mail from the others; whether it went out is not known.
        return { outcome: { kind: 'unknown', reason: 'crashed', detail: used.detail } };
    }
  };
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
      isAuthentication: (answer) => answer.kind === 'cannot-say' && answer.reason === AUTHENTICATION,
    });
    switch (used.kind) {
      case 'done':
        return used.result;
      case 'unusable':
        return { ...used, kind: 'cannot-say' };
      case 'crashed':
        return { kind: 'cannot-say', reason: 'crashed', detail: used.detail };
    }
  };
}
