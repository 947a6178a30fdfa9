import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptResult, Outcome } from '../../lambda/mail/outcome.ts';
import {
  afterAttempt,
  begin,
  carry,
  declareRefused,
  ended,
  NOTHING_CARRIED,
  type OnUnknown,
  pending,
} from '../../lambda/sender/progress.ts';

const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const bad: Outcome = { kind: 'refused', blames: 'message', reason: 'format' };
const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
const lost: Outcome = { kind: 'unknown', reason: 'no-answer' };

describe('progress', () => {
  it('declares a message bad when two different providers refuse it', () => {
    const one = attempt(begin(['a@x'], NOTHING_CARRIED, 'ask'), 'p', bad);
    expect(pending(one)).toEqual(['a@x']);

    const two = attempt(one, 'q', bad);

    expect(two.recipients[0]?.end).toBe('refused');
  });

  it('does not count the same provider twice', () => {
    const twice = attempt(attempt(begin(['a@x'], NOTHING_CARRIED, 'ask'), 'p', bad), 'p', bad);

    expect(pending(twice)).toEqual(['a@x']);
  });

  it('remembers votes, lost answers and finished recipients over a retry', () => {
    const first = begin(['a@x', 'b@x', 'c@x'], NOTHING_CARRIED, 'ask');
    const { progress } = afterAttempt(
      first,
      'p',
      pending(first),
      {
        outcome: accepted,
        recipients: new Map<string, Outcome>([
          ['b@x', bad],
          ['c@x', lost],
        ]),
      },
      'ask',
    );

    const next = begin(['a@x', 'b@x', 'c@x'], carry(progress), 'ask');

    expect(next.recipients.map(({ end, refusedBy, unknownAt }) => ({ end, refusedBy, unknownAt }))).toEqual([
      { end: 'accepted', refusedBy: [], unknownAt: [] },
      { end: undefined, refusedBy: ['p'], unknownAt: [] },
      { end: undefined, refusedBy: [], unknownAt: ['p'] },
    ]);
    expect(pending(next)).toEqual(['b@x', 'c@x']);
    expect(next.attempts).toBe(1);
  });

  it('names the provider that refused what another one took', () => {
    const first = attempt(begin(['a@x'], NOTHING_CARRIED, 'ask'), 'p', bad);

    expect(afterAttempt(first, 'q', ['a@x'], { outcome: accepted }, 'ask').contradicted).toEqual(['p']);
  });

  it('stops for a recipient that a provider will not mail', () => {
    const first = begin(['a@x', 'b@x'], NOTHING_CARRIED, 'ask');
    const result: AttemptResult = { outcome: accepted, recipients: new Map([['b@x', inactive]]) };

    const { progress, suppressed } = afterAttempt(first, 'p', pending(first), result, 'ask');

    expect(ended(progress)).toBe(true);
    expect(suppressed).toEqual([{ address: 'b@x', reason: 'inactive' }]);
  });

  it.each([
    ['ask', [], undefined],
    ['failover', ['a@x'], undefined],
    ['hold', [], 'held'],
  ] as const)('treats a lost answer by the policy %s', (policy, left, end) => {
    const progress = attempt(begin(['a@x'], NOTHING_CARRIED, policy), 'p', lost, policy);

    expect(pending(progress)).toEqual(left);
    expect(progress.recipients[0]?.end).toBe(end);
  });

  it('lets one refusal suffice only when nobody else may be asked', () => {
    const progress = attempt(begin(['a@x'], NOTHING_CARRIED, 'ask'), 'p', bad);

    expect(declareRefused(progress, ['p', 'q']).recipients[0]?.end).toBeUndefined();
    expect(declareRefused(progress, ['p']).recipients[0]?.end).toBe('refused');
  });

  it('never takes back an end and never loses a recipient', () => {
    const outcome = fc.constantFrom(accepted, bad, inactive, down, lost);
    const rounds = fc.array(fc.tuple(fc.constantFrom('p', 'q', 'r'), outcome, outcome), { maxLength: 8 });
    fc.assert(
      fc.property(rounds, fc.constantFrom<OnUnknown>('ask', 'failover', 'hold'), (steps, policy) => {
        let progress = begin(['a@x', 'b@x'], NOTHING_CARRIED, policy);
        for (const [provider, first, second] of steps) {
          const before = progress.recipients.map(({ end }) => end);
          const result = { outcome: first, recipients: new Map([['b@x', second]]) };
          progress = afterAttempt(progress, provider, pending(progress), result, policy).progress;
          progress = begin(['a@x', 'b@x'], carry(progress), policy);
          progress.recipients.forEach(({ end }, place) => {
            if (before[place] === 'accepted') expect(end).toBe('accepted');
            if (before[place]) expect(end).toBeDefined();
          });
        }
        expect(progress.recipients).toHaveLength(2);
      }),
    );
  });
});

function attempt(progress: ReturnType<typeof begin>, provider: string, outcome: Outcome, policy: OnUnknown = 'ask') {
  return afterAttempt(progress, provider, pending(progress), { outcome }, policy).progress;
}
