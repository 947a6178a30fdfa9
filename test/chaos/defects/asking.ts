import type { LookupAnswer } from '../../../lambda/providers/provider.ts';
import { calls, type Defects, sees } from './defect.ts';

const NOTHING: LookupAnswer = { kind: 'answered', found: new Map() };

/**
 * Defects in the code that handles the lost answer of a provider. This code asks the provider later whether it has the mail (a
 * look-up).
 */
export const asking: Defects = {
  'attempts of dead workers are forgotten': {
    foundAs: ['unexplained'],
    ...sees((item) => {
      const attempts = item['attempts'] as readonly { readonly ended?: number }[] | undefined;
      return attempts ? { ...item, attempts: attempts.filter(({ ended }) => ended !== undefined) } : item;
    }),
  },
  'a provider that hangs has its whole deadline': {
    foundAs: ['waits for a provider that hangs'],
    ...calls((call, { answerMs: _, ...attempt }) => call(attempt)),
  },
  'a slow provider has a second to answer': {
    foundAs: ['given up too soon'],
    ...calls((call, attempt) => call({ ...attempt, answerMs: 1_000 })),
  },
  'look-ups are not made': {
    foundAs: ['unexplained'],
    ports: (ports) => ({ ...ports, lookUp: async () => NOTHING }),
  },
  'results of look-ups are ignored': {
    foundAs: ['unexplained'],
    ports: (ports) => ({
      ...ports,
      lookUp: async (...question) => {
        await ports.lookUp(...question);
        return NOTHING;
      },
    }),
  },
  'a provider that cannot say is taken to have nothing': {
    foundAs: ['unexplained'],
    ports: (ports) => ({
      ...ports,
      lookUp: async (...question) => {
        const answer = await ports.lookUp(...question);
        return answer.kind === 'answered' ? answer : NOTHING;
      },
    }),
  },
  'a provider under a new key is taken to have nothing': {
    foundAs: ['unexplained'],
    ports: (ports) => ({
      ...ports,
      lookUp: async (provider, question) =>
        provider.key.endsWith('-renamed') ? NOTHING : ports.lookUp(provider, question),
    }),
  },
  'look-ups are made after a second': {
    foundAs: ['asked too early', 'unexplained'],
    ports: (ports) => ({
      ...ports,
      call: async (provider, attempt) => {
        const result = await ports.call(provider, attempt);
        if ('notCalled' in result || result.outcome.kind !== 'unknown') return result;
        await ports.clock.sleep(1_000);
        const { handle, messageId } = attempt.message;
        const question = { ...attempt, handle, messageId, begunAt: ports.clock.now() - 1_000 };
        const answer = await ports.lookUp(provider, question);
        const [providerMessageId] = answer.kind === 'answered' ? answer.found.values() : [];
        if (providerMessageId !== undefined) return { outcome: { kind: 'accepted', providerMessageId } };
        return { outcome: { kind: 'unavailable', blames: 'outage', reason: 'no-answer' } };
      },
    }),
  },
  'a lost answer is taken for a failure': {
    foundAs: ['unexplained'],
    ...calls(async (call, attempt) => {
      const result = await call(attempt);
      const lost = 'outcome' in result && result.outcome.kind === 'unknown';
      return lost ? { outcome: { kind: 'unavailable', blames: 'outage', reason: 'no-answer' } } : result;
    }),
  },
};
