import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptResult, Outcome } from '../../../lambda/mail/outcome.ts';
import type { Account } from '../../../lambda/providers/account.ts';
import {
  begin,
  carry,
  join,
  NOTHING_CARRIED,
  type UnknownVote,
  type Vote,
} from '../../../lambda/submission/carried.ts';
import {
  afterAnswer,
  afterAttempt,
  declareHeld,
  declareRefused,
  ended,
  groupsAt,
  type OnUnknown,
  type Progress,
  pending,
  withoutNotified,
} from '../../../lambda/submission/progress.ts';

/** Each provider is its own vendor. */
const each = (key: string) => key;
const account: Account = { type: 'postmark' };
const with5 = (onUnknown: OnUnknown) => ({ onUnknown, begun: 5, vendorOf: each, account });

const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const bad: Outcome = { kind: 'refused', blames: 'message', reason: 'format' };
const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
const lost: Outcome = { kind: 'unknown', reason: 'no-answer' };

describe('progress', () => {
  it('declares a message bad when two different providers refuse it', () => {
    const one = attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', bad);
    expect(pending(one)).toEqual(['a@x']);

    const two = attempt(one, 'q', bad);

    expect(two.recipients[0]?.end).toBe('refused');
  });

  it('does not count the same provider twice', () => {
    const twice = attempt(attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', bad), 'p', bad);

    expect(pending(twice)).toEqual(['a@x']);
  });

  it('counts two providers of one vendor as one vote, and one that is no longer configured as none', () => {
    const vendorOf = (key: string) => ({ p: 'a', q: 'a', r: 'b' })[key];
    const vote = (progress: Progress, key: string) =>
      afterAttempt(
        progress,
        key,
        pending(progress),
        { outcome: bad },
        { onUnknown: 'ask', begun: 5, vendorOf, account },
      ).progress;
    const start = begin(['a@x'], NOTHING_CARRIED, vendorOf);

    const one = vote(vote(vote(start, 'p'), 'q'), 'gone');

    expect(pending(one)).toEqual(['a@x']);
    expect(pending(begin(['a@x'], carry(one), vendorOf))).toEqual(['a@x']);
    expect(vote(one, 'r').recipients[0]?.end).toBe('refused');
    expect(begin(['a@x'], carry(vote(one, 'r')), vendorOf).recipients[0]?.end).toBe('refused');
    expect(declareRefused(one, ['p', 'q']).recipients[0]?.end).toBe('refused');
  });

  it('does not count unknown words, and remembers them over a retry', () => {
    const odd: Outcome = { kind: 'unrecognised', reason: 'unrecognised' };
    const twice = attempt(attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', odd), 'q', odd);

    expect(pending(declareRefused(twice, ['p', 'q']))).toEqual(['a@x']);
    const again = begin(['a@x'], carry(twice), each);
    expect(again.recipients[0]).toMatchObject({ refusedBy: [], unrecognisedBy: ['p', 'q'] });
    const taken = afterAttempt(again, 'r', ['a@x'], { outcome: accepted }, with5('ask'));
    expect(taken.contradicted).toEqual(['p', 'q']);
    expect(pending(attempt(twice, 'p', bad))).toEqual(['a@x']);
  });

  it('remembers votes, unknown outcomes and finished recipients over a retry', () => {
    const first = begin(['a@x', 'b@x', 'c@x'], NOTHING_CARRIED, each);
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
      with5('ask'),
    );

    const next = begin(['a@x', 'b@x', 'c@x'], carry(progress), each);

    expect(next.recipients.map(({ end, refusedBy, unknownAt }) => ({ end, refusedBy, unknownAt }))).toEqual([
      { end: 'accepted', refusedBy: [], unknownAt: [] },
      { end: undefined, refusedBy: ['p'], unknownAt: [] },
      { end: undefined, refusedBy: [], unknownAt: ['p'] },
    ]);
    expect(pending(next)).toEqual(['b@x', 'c@x']);
    expect(next.attempts).toBe(1);
  });

  it('remembers the groups that a provider has to be offered by themselves, until their recipients end', () => {
    const all = ['a@x', 'b@x', 'c@x', 'd@x'];
    const waits: Outcome = { kind: 'throttled', of: 'recipient', reason: 'not-tried' };
    const then = (progress: Progress, provider: string, result: AttemptResult) => {
      const after = afterAttempt(progress, provider, pending(progress), result, with5('ask')).progress;
      return begin(all, carry(after), each);
    };
    const split = { outcome: waits, apart: [['a@x', 'b@x'], ['c@x']], recipients: new Map([['d@x', bad]]) };
    const first = then(begin(all, NOTHING_CARRIED, each), 'p', split);

    // The recipient that was refused comes last.
    expect(groupsAt(first, 'p', all)).toEqual([['a@x', 'b@x'], ['c@x'], ['d@x']]);
    expect(groupsAt(first, 'p', ['b@x', 'c@x'])).toEqual([['b@x'], ['c@x']]);
    expect(groupsAt(first, 'p', ['d@x'])).toEqual([]);
    expect(groupsAt(first, 'q', all)).toEqual([]);

    const taken = then(first, 'q', { outcome: accepted, recipients: new Map([['b@x', waits]]) });
    expect(carry(taken).history).toContainEqual({ provider: 'p', kind: 'apart', recipients: [1] });
    expect(carry(taken).history.filter(({ kind }) => kind === 'apart')).toHaveLength(1);

    // An attempt without groups leaves them; another result replaces them.
    expect(then(first, 'p', { outcome: down }).apart).toEqual(first.apart);
    expect(then(first, 'p', { outcome: waits, apart: [['b@x']] }).apart).toEqual([{ provider: 'p', group: ['b@x'] }]);
  });

  it('starts with nothing done and nothing remembered', () => {
    expect(begin(['a@x'], NOTHING_CARRIED, each)).toEqual({
      attempts: 0,
      untold: [],
      apart: [],
      doubts: [],
      recipients: [
        {
          address: 'a@x',
          refusedBy: [],
          unrecognisedBy: [],
          deniedBy: [],
          unknownAt: [],
          failedAt: [],
          waiting: false,
        },
      ],
    });
    expect(carry(begin(['a@x'], NOTHING_CARRIED, each))).toEqual({ attempts: 0, done: [], history: [] });
  });

  it('ends at the start of a round what two providers have refused by then', () => {
    const vote = (provider: string): Vote => ({ provider, kind: 'refused' });
    const ends = (...votes: Vote[]) =>
      begin(['a@x'], { ...NOTHING_CARRIED, history: votes }, each).recipients.map(({ end }) => end);

    expect(ends(vote('p'), vote('p'))).toEqual([undefined]);
    expect(ends(vote('p'), vote('q'))).toEqual(['refused']);
    expect(ends(vote('p'), vote('q'), vote('r'))).toEqual(['refused']);
  });

  it('keeps the oldest time of several unknown outcomes of a provider, and calls them settled only if all are', () => {
    const doubts = (...votes: Partial<UnknownVote>[]) =>
      begin(
        ['a@x', 'b@x'],
        {
          ...NOTHING_CARRIED,
          history: [
            { provider: 'q', kind: 'refused' },
            ...votes.map(
              (vote, place): Vote => ({ provider: 'p', kind: 'unknown', account, at: 0, recipients: [place], ...vote }),
            ),
          ],
        },
        each,
      ).doubts;

    expect(doubts({ at: 7, asked: 1, settled: true }, { at: 5, asked: 3 })).toEqual([
      { provider: 'p', account, at: 5, last: 7, asked: 3, settled: false },
    ]);
    expect(doubts({ at: 5, last: 9, settled: true }, { at: 7, settled: true })).toEqual([
      { provider: 'p', account, at: 5, last: 9, asked: 0, settled: true },
    ]);
    expect(doubts({})).toEqual([{ provider: 'p', account, at: 0, last: 0, asked: 0, settled: false }]);
  });

  it('has ended only when every recipient has an end', () => {
    const half = begin(['a@x', 'b@x'], { ...NOTHING_CARRIED, done: [0] }, each);

    expect(ended(half)).toBe(false);
    expect(ended(begin(['a@x', 'b@x'], { ...NOTHING_CARRIED, done: [0, 1] }, each))).toBe(true);
  });

  it('changes nothing for recipients that were not offered, or have ended', () => {
    const start = begin(['a@x', 'b@x', 'c@x'], { ...NOTHING_CARRIED, done: [0] }, each);

    const { progress } = afterAttempt(start, 'p', ['a@x', 'b@x'], { outcome: bad }, with5('ask'));

    expect(progress.recipients.map(({ end, refusedBy }) => [end, ...refusedBy])).toEqual([
      ['accepted'],
      [undefined, 'p'],
      [undefined],
    ]);
    expect(progress).toMatchObject({ attempts: 1, lastProvider: 'p', doubts: [] });
  });

  it.each<[string, Outcome]>([
    ['throttles', { kind: 'throttled', of: 'provider', reason: 'rate-limit' }],
    ['is down', down],
    ['refuses the account', { kind: 'unavailable', blames: 'account', reason: 'account-suspended' }],
  ])('counts nothing against a provider that %s', (_, outcome) => {
    const start = begin(['a@x'], NOTHING_CARRIED, each);

    expect(attempt(start, 'p', outcome)).toEqual({ ...start, attempts: 1, lastProvider: 'p' });
  });

  it('remembers a provider that failed after it had the whole request, once', () => {
    const failed: Outcome = { ...down, maybeTaken: true };

    const progress = attempt(attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', failed), 'p', failed);

    expect(carry(progress).history).toEqual([{ provider: 'p', kind: 'failed' }]);
  });

  it('does not call it a contradiction when a provider accepts what it refused itself', () => {
    const first = attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', bad);

    expect(afterAttempt(first, 'p', ['a@x'], { outcome: accepted }, with5('ask')).contradicted).toEqual([]);
  });

  it("reports a suppressed recipient in the provider's words, and none that was merely refused", () => {
    const untold = (outcome: Outcome) =>
      afterAttempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', ['a@x'], { outcome }, with5('ask')).progress.untold;

    expect(untold({ ...inactive, detail: 'hard bounce' })).toEqual([
      { address: 'a@x', provider: 'p', attempt: 1, reason: 'inactive-recipient', detail: 'hard bounce', alone: true },
    ]);
    expect(Object.keys(untold(inactive)[0] ?? {})).toEqual(['address', 'provider', 'attempt', 'reason', 'alone']);
    expect(untold(bad)).toEqual([]);
    expect(untold(down)).toEqual([]);
    expect(untold(accepted)).toEqual([]);
  });

  it('tries a second provider where the first one is doubted, and then ends', () => {
    const start = begin(['a@x'], NOTHING_CARRIED, each);
    const denied = new Set(['a@x']);
    const first = afterAttempt(start, 'p', ['a@x'], { outcome: inactive }, { ...with5('ask'), denied }).progress;
    expect([pending(first), pending(first, 'p'), pending(first, 'q')]).toEqual([['a@x'], [], ['a@x']]);
    expect(first.untold).toEqual([]);
    expect(begin(['a@x'], carry(first), each).recipients[0]?.deniedBy).toEqual(['p']);

    const agreed = afterAttempt(first, 'q', ['a@x'], { outcome: inactive }, { ...with5('ask'), denied }).progress;
    expect(agreed.recipients[0]?.end).toBe('suppressed');
    expect(agreed.untold).toMatchObject([{ provider: 'q' }]);
    expect(agreed.untold[0]).not.toHaveProperty('alone');

    const taken = afterAttempt(first, 'q', ['a@x'], { outcome: accepted }, with5('ask'));
    expect(taken.contradicted).toEqual(['p']);

    const nobodyElse = declareRefused(first, ['p']);
    expect(nobodyElse.recipients[0]?.end).toBe('suppressed');
    expect(nobodyElse.untold).toMatchObject([{ address: 'a@x', provider: 'p', alone: true }]);
    expect(declareRefused(first, ['p', 'q']).recipients[0]?.end).toBeUndefined();
  });

  it('takes no second opinion from another account of the doubted vendor', () => {
    const vendorOf = (key: string) => (key === 'r' ? 'other' : 'vendor');
    const options = { ...with5('ask'), vendorOf };
    const start = begin(['a@x'], NOTHING_CARRIED, vendorOf);
    const denied = new Set(['a@x']);
    const first = afterAttempt(start, 'p', ['a@x'], { outcome: inactive }, { ...options, denied }).progress;

    const same = afterAttempt(first, 'q', ['a@x'], { outcome: inactive }, options).progress;
    expect(same.recipients[0]).toMatchObject({ deniedBy: ['p', 'q'] });
    expect(same.recipients[0]?.end).toBeUndefined();
    expect([pending(same, 'q'), pending(same, 'r')]).toEqual([[], ['a@x']]);
    expect(begin(['a@x'], carry(same), vendorOf).recipients[0]?.deniedBy).toEqual(['p', 'q']);
    expect(declareRefused(same, ['p', 'q']).recipients[0]?.end).toBe('suppressed');

    const other = afterAttempt(same, 'r', ['a@x'], { outcome: inactive }, options).progress;
    expect(other.recipients[0]?.end).toBe('suppressed');
    const taken = afterAttempt(same, 'r', ['a@x'], { outcome: accepted }, options);
    expect(taken.contradicted).toEqual(['p', 'q']);

    // A complaint is the recipient's own decision, whichever account knows of it.
    const complained: Outcome = { ...inactive, detail: 'spam complaint' };
    const ends = afterAttempt(first, 'q', ['a@x'], { outcome: complained }, options).progress;
    expect(ends.recipients[0]?.end).toBe('suppressed');
  });

  it('keeps the unknown outcomes of other providers when one is added or resolved', () => {
    const both = attempt(
      attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', lost, 'failover', 3),
      'q',
      lost,
      'failover',
      4,
    );
    expect(both.doubts.map(({ provider, at }) => [provider, at])).toEqual([
      ['p', 3],
      ['q', 4],
    ]);

    const again = attempt(both, 'q', lost, 'failover', 9);
    expect(again.doubts.map(({ provider, at, last }) => [provider, at, last])).toEqual([
      ['p', 3, 3],
      ['q', 4, 9],
    ]);

    const heard = afterAnswer(both, 'q', { found: new Set(), doubt: { asked: 2, settled: true } });
    expect(heard.doubts).toEqual([
      { provider: 'p', account, at: 3, last: 3, asked: 0, settled: false },
      { provider: 'q', account, at: 4, last: 4, asked: 2, settled: true },
    ]);
    expect(carry(heard).history).toEqual([
      { provider: 'p', kind: 'unknown', account, at: 3 },
      { provider: 'q', kind: 'unknown', account, at: 4, asked: 2, settled: true },
    ]);
  });

  it('applies a reply only to recipients with an unknown outcome at that provider', () => {
    const start = begin(
      ['a@x', 'b@x'],
      {
        ...NOTHING_CARRIED,
        history: [{ provider: 'p', kind: 'unknown', account, recipients: [0], at: 1 }],
      },
      each,
    );

    const heard = afterAnswer(start, 'p', { found: new Set(['b@x']), doubt: { asked: 1, settled: false } });

    expect(heard.recipients.map(({ end, waiting }) => [end, waiting])).toEqual([
      [undefined, true],
      [undefined, false],
    ]);
  });

  it('ends nothing as refused when no provider may be used', () => {
    const start = begin(['a@x'], NOTHING_CARRIED, each);

    expect(declareRefused(start, [])).toEqual(start);
  });

  it('offers no provider an address that it cannot carry, and ends recipients that none can carry', () => {
    const start = begin(['a@x', 'b@x', 'c@x'], NOTHING_CARRIED, each);
    const beyond = new Map([
      ['p', ['b@x', 'c@x']],
      ['q', ['c@x']],
    ]);

    expect(pending(start, 'p', beyond)).toEqual(['a@x']);
    expect(pending(start, 'q', beyond)).toEqual(['a@x', 'b@x']);
    const declared = declareRefused(start, ['p', 'q'], beyond);
    expect(declared.recipients.map(({ end }) => end)).toEqual([undefined, undefined, 'refused']);
    expect(declared.untold).toEqual([]);
  });

  it('accepts the refusal of the only provider that can carry an address', () => {
    const start = begin(['a@x', 'b@x'], NOTHING_CARRIED, each);
    const refused = afterAttempt(
      start,
      'q',
      ['b@x'],
      { outcome: bad },
      { onUnknown: 'ask', begun: 0, vendorOf: each, account },
    );

    const declared = declareRefused(refused.progress, ['p', 'q'], new Map([['p', ['b@x']]]));
    expect(declared.recipients.map(({ end }) => end)).toEqual([undefined, 'refused']);
  });

  it('offers suppressed recipients to no provider until their events are sent, over retries', () => {
    const addresses = ['a@x', 'b@x', 'c@x'];
    const start = begin(addresses, { ...NOTHING_CARRIED, attempts: 2 }, each);
    const recipients = new Map<string, Outcome>([
      ['b@x', inactive],
      ['c@x', { ...inactive, reason: 'suppressed', detail: 'not carried: it may hold an address' }],
    ]);
    const { progress } = afterAttempt(start, 'p', pending(start), { outcome: accepted, recipients }, with5('ask'));
    expect(ended(progress)).toBe(false);

    const carried = carry(withoutNotified(progress, new Set(['b@x'])));
    const again = begin(addresses, carried, each);

    expect(carried).toEqual({
      attempts: 3,
      done: [0, 1],
      history: [{ provider: 'p', kind: 'suppressed', recipients: [2], attempt: 3, reason: 'suppressed' }],
    });
    expect(pending(again)).toEqual([]);
    expect(again.untold).toEqual([{ address: 'c@x', provider: 'p', attempt: 3, reason: 'suppressed' }]);
    expect(ended(again)).toBe(false);
    expect(ended(withoutNotified(again, new Set(['c@x'])))).toBe(true);
    // The outcome of one recipient says nothing about the others.
    expect(pending(begin(addresses, { ...carried, done: [0] }, each))).toEqual(['b@x']);
    // Another copy may have sent the event meanwhile.
    expect(begin(addresses, { ...carried, done: [0, 1, 2] }, each).untold).toEqual([]);
    expect(begin(['a@x'], carried, each).untold).toEqual([]);
  });

  it('carries served and suppressed recipients as done, and no others', () => {
    const start = begin(['a@x', 'b@x', 'c@x'], NOTHING_CARRIED, each);
    const recipients = new Map<string, Outcome>([
      ['b@x', inactive],
      ['c@x', bad],
    ]);
    const { progress } = afterAttempt(start, 'p', pending(start), { outcome: accepted, recipients }, with5('ask'));

    expect(carry(withoutNotified(progress, new Set(['b@x'])))).toEqual({
      attempts: 1,
      done: [0, 1],
      history: [{ provider: 'p', kind: 'refused', recipients: [2] }],
    });
    expect(carry(attempt(begin(['a@x', 'b@x'], NOTHING_CARRIED, each), 'p', bad)).history).toEqual([
      { provider: 'p', kind: 'refused' },
    ]);
  });

  it('keeps the one of two equal votes that knows more, and the first if neither does', () => {
    const votes = (...history: Partial<UnknownVote>[]) => ({
      ...NOTHING_CARRIED,
      history: history.map((vote): Vote => ({ provider: 'p', kind: 'unknown', account, at: 0, ...vote })),
    });
    const joined = (a: Partial<UnknownVote>, b: Partial<UnknownVote>) => join(votes(a), votes(b)).history;

    // Of the same latest attempt, more look-ups.
    expect(joined({ at: 1, last: 3, asked: 2 }, { at: 2, last: 3, asked: 1 })).toEqual(
      votes({ at: 1, last: 3, asked: 2 }).history,
    );
    expect(joined({ at: 1, asked: 1 }, { at: 1, asked: 2 })).toEqual(votes({ at: 1, asked: 2 }).history);
    expect(joined({ at: 1, asked: 9 }, { at: 1, settled: true })).toEqual(votes({ at: 1, settled: true }).history);
    expect(joined({ at: 1, wished: true }, { at: 1 })).toEqual(votes({ at: 1, wished: true }).history);
    // A later attempt, whatever the provider said of the earlier ones, in either order.
    const later = votes({ at: 1, last: 2 }).history;
    expect(joined({ at: 1, asked: 2, settled: true, wished: true }, { at: 2 })).toEqual(later);
    expect(joined({ at: 2 }, { at: 1, asked: 2, settled: true, wished: true })).toEqual(later);
    expect(joined({ at: 1, last: 2 }, { at: 1, last: 1.5, settled: true })).toEqual(later);
    expect(joined({ at: 1, recipients: [0] }, { at: 2, recipients: [1] })).toHaveLength(2);
  });

  it('names the provider that refused what another one accepted', () => {
    const first = attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', bad);

    expect(afterAttempt(first, 'q', ['a@x'], { outcome: accepted }, with5('ask')).contradicted).toEqual(['p']);
  });

  it('stops for a recipient that a provider will not mail', () => {
    const first = begin(['a@x', 'b@x'], NOTHING_CARRIED, each);
    const result: AttemptResult = { outcome: accepted, recipients: new Map([['b@x', inactive]]) };

    const { progress } = afterAttempt(first, 'p', pending(first), result, with5('ask'));

    expect(pending(progress)).toEqual([]);
    expect(progress.untold).toMatchObject([{ address: 'b@x', reason: 'inactive-recipient' }]);
  });

  it.each([
    ['ask', [], undefined],
    ['failover', ['a@x'], undefined],
    ['hold', [], undefined],
  ] as const)('treats an unknown outcome by the policy %s', (policy, left, end) => {
    const progress = attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', lost, policy);

    expect(pending(progress)).toEqual(left);
    expect(progress.recipients[0]?.end).toBe(end);
  });

  it('does not end as held again after a redrive', () => {
    const wished: Vote = { provider: 'p', kind: 'unknown', account, recipients: [0], at: 5, wished: true };
    const start = begin(['a@x', 'b@x'], { ...NOTHING_CARRIED, history: [wished] }, each);

    expect(declareHeld(start)).toEqual(start);
    expect(carry(start).history).toEqual([wished]);
    // A new unknown outcome, there or elsewhere, counts.
    for (const provider of ['p', 'q'])
      expect(declareHeld(begin(['a@x', 'b@x'], carry(attempt(start, provider, lost)), each)).recipients[0]?.end).toBe(
        'held',
      );
    const other: Vote = { provider: 'p', kind: 'unknown', account, recipients: [1], at: 5 };
    expect(
      begin(['a@x', 'b@x'], { ...NOTHING_CARRIED, history: [wished, other] }, each).doubts[0]?.wished,
    ).toBeUndefined();
  });

  it('ends unresolved unknown outcomes as held under policy hold, and nothing else', () => {
    const doubted = begin(
      ['a@x', 'b@x'],
      {
        ...NOTHING_CARRIED,
        history: [{ provider: 'p', kind: 'unknown', account, recipients: [0], at: 5 }],
      },
      each,
    );

    expect(declareHeld(doubted).recipients.map(({ end }) => end)).toEqual(['held', undefined]);
    const waiting = afterAnswer(doubted, 'p', { found: new Set(), doubt: { asked: 1, settled: false } });
    expect(declareHeld(waiting).recipients.map(({ end }) => end)).toEqual([undefined, undefined]);
  });

  it('ends recipients that the provider turns out to have served, and lets the others go on or wait', () => {
    const doubted = attempt(begin(['a@x', 'b@x'], NOTHING_CARRIED, each), 'p', lost);
    const next = begin(['a@x', 'b@x'], carry(doubted), each);

    const settled = afterAnswer(next, 'p', { found: new Set(['a@x']), doubt: { asked: 0, settled: true } });
    expect(settled.recipients.map(({ end }) => end)).toEqual(['accepted', undefined]);
    expect(pending(settled)).toEqual(['b@x']);
    expect(settled.doubts).toEqual([{ provider: 'p', account, at: 5, last: 5, asked: 0, settled: true }]);

    const unsettled = afterAnswer(next, 'p', { found: new Set(), doubt: { asked: 1, settled: false } });
    expect(pending(unsettled)).toEqual([]);
    expect(begin(['a@x', 'b@x'], carry(unsettled), each).doubts).toEqual([
      { provider: 'p', account, at: 5, last: 5, asked: 1, settled: false },
    ]);
  });

  it('resets the queries about a provider when its outcome is unknown once more', () => {
    const first = attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', lost);
    const settled = afterAnswer(first, 'p', { found: new Set(), doubt: { asked: 2, settled: true } });

    const again = attempt(begin(['a@x'], carry(settled), each), 'p', lost, 'ask', 9);

    expect(again.doubts).toEqual([{ provider: 'p', account, at: 5, last: 9, asked: 0, settled: false }]);
    expect(begin(['a@x'], carry(again), each).doubts).toEqual(again.doubts);
  });

  it('names the providers that may have accepted what another one accepted, with the cause', () => {
    const failed: Outcome = { ...down, maybeTaken: true };
    const doubted = attempt(attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', failed), 'q', lost, 'failover');
    const last = begin(['a@x'], carry(doubted), each);

    expect(afterAttempt(last, 'r', ['a@x'], { outcome: accepted }, with5('failover')).doubled).toEqual([
      { provider: 'p', cause: 'server-error' },
      { provider: 'q', cause: 'answer-lost' },
    ]);
    expect(afterAttempt(last, 'r', ['a@x'], { outcome: down }, with5('failover')).doubled).toEqual([]);
  });

  it('joins what two copies know without losing anything', () => {
    const vote = (asked: number, settled?: true): Vote => ({
      provider: 'p',
      kind: 'unknown',
      account,
      at: 5,
      asked,
      ...(settled && { settled }),
    });
    const refused: Vote = { provider: 'q', kind: 'refused', recipients: [1] };

    expect(
      join(
        { attempts: 3, done: [2, 0], history: [vote(1)] },
        { attempts: 2, done: [0, 11], history: [vote(0, true), refused] },
      ),
    ).toEqual({ attempts: 3, done: [0, 2, 11], history: [vote(0, true), refused] });
  });

  it('lets one refusal suffice only when no other provider may be used', () => {
    const progress = attempt(begin(['a@x'], NOTHING_CARRIED, each), 'p', bad);

    expect(declareRefused(progress, ['p', 'q']).recipients[0]?.end).toBeUndefined();
    expect(declareRefused(progress, ['p']).recipients[0]?.end).toBe('refused');
  });

  it('never undoes an end and never loses a recipient', () => {
    const outcome = fc.constantFrom(accepted, bad, inactive, down, lost);
    const rounds = fc.array(fc.tuple(fc.constantFrom('p', 'q', 'r'), outcome, outcome), { maxLength: 8 });
    fc.assert(
      fc.property(rounds, fc.constantFrom<OnUnknown>('ask', 'failover', 'hold'), (steps, policy) => {
        let progress = begin(['a@x', 'b@x'], NOTHING_CARRIED, each);
        for (const [provider, first, second] of steps) {
          const before = progress.recipients.map(({ end }) => end);
          const result = { outcome: first, recipients: new Map([['b@x', second]]) };
          progress = afterAttempt(progress, provider, pending(progress), result, with5(policy)).progress;
          progress = begin(['a@x', 'b@x'], carry(progress), each);
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

function attempt(
  progress: ReturnType<typeof begin>,
  provider: string,
  outcome: Outcome,
  policy: OnUnknown = 'ask',
  begun = 5,
) {
  return afterAttempt(
    progress,
    provider,
    pending(progress),
    { outcome },
    { onUnknown: policy, begun, vendorOf: each, account },
  ).progress;
}
