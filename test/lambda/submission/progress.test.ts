import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptResult, Outcome } from '../../../lambda/mail/outcome.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import type { ProviderAccount } from '../../../lambda/providers/account.ts';
import { type AttemptLog, countOf, EMPTY_LOG, type StoredAttempt } from '../../../lambda/submission/log.ts';
import {
  declareHeld,
  declareRefused,
  ended,
  groupsAt,
  type OnUnknown,
  type Progress,
  pending,
  placesOf,
  withoutNotified,
} from '../../../lambda/submission/progress.ts';
import {
  afterAnswer,
  afterAttempt,
  type Consequences,
  lettersOf,
  progressOf,
  type ReplayRules,
} from '../../../lambda/submission/replay.ts';

/** Treats each provider as a separate vendor. */
const each = (key: string) => key;
const account: ProviderAccount = { type: 'postmark' };
const rules = (onUnknown: OnUnknown = 'ask'): ReplayRules => ({ onUnknown, vendorOf: each });

const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const bad: Outcome = { kind: 'refused', blames: 'message', reason: 'format' };
const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
const lost: Outcome = { kind: 'unknown', reason: 'no-answer' };

describe('progress', () => {
  it('declares a message bad when two different providers refuse it', () => {
    const one = attempt(begin(['a@x']), 'p', bad);
    expect(pending(one)).toEqual(['a@x']);

    const two = attempt(one, 'q', bad);

    expect(two.recipients[0]?.end).toBe('refused');
  });

  it('does not count the same provider twice', () => {
    const twice = attempt(attempt(begin(['a@x']), 'p', bad), 'p', bad);

    expect(pending(twice)).toEqual(['a@x']);
  });

  it('counts two providers of one vendor as one vote, and one that is no longer configured as none', () => {
    const vendorOf = (key: string) => ({ p: 'a', q: 'a', r: 'b' })[key];
    const vote = (progress: Progress, key: string) =>
      consequences(progress, key, { outcome: bad }, { vendorOf }).progress;

    const one = vote(vote(vote(begin(['a@x']), 'p'), 'q'), 'gone');

    expect(pending(one)).toEqual(['a@x']);
    expect(pending(later(one, { onUnknown: 'ask', vendorOf }))).toEqual(['a@x']);
    expect(vote(one, 'r').recipients[0]?.end).toBe('refused');
    expect(later(vote(one, 'r'), { onUnknown: 'ask', vendorOf }).recipients[0]?.end).toBe('refused');
    expect(declareRefused(one, ['p', 'q']).recipients[0]?.end).toBe('refused');
  });

  it('does not count unknown words, and remembers them over a retry', () => {
    const odd: Outcome = { kind: 'unrecognised', reason: 'unrecognised' };
    const twice = attempt(attempt(begin(['a@x']), 'p', odd), 'q', odd);

    expect(pending(declareRefused(twice, ['p', 'q']))).toEqual(['a@x']);
    const again = later(twice);
    expect(again.recipients[0]).toMatchObject({ refusedBy: [], unrecognisedBy: ['p', 'q'] });
    const taken = consequences(again, 'r', { outcome: accepted });
    expect(taken.contradicted).toEqual(['p', 'q']);
    expect(pending(attempt(twice, 'p', bad))).toEqual(['a@x']);
  });

  it('remembers votes, unknown outcomes and finished recipients over a retry', () => {
    const first = begin(['a@x', 'b@x', 'c@x']);
    const { progress } = consequences(first, 'p', {
      outcome: accepted,
      recipients: new Map<string, Outcome>([
        ['b@x', bad],
        ['c@x', lost],
      ]),
    });

    const next = later(progress);

    expect(next.recipients.map(({ end, refusedBy, unknownAt }) => ({ end, refusedBy, unknownAt }))).toEqual([
      { end: 'accepted', refusedBy: [], unknownAt: [] },
      { end: undefined, refusedBy: ['p'], unknownAt: [] },
      { end: undefined, refusedBy: [], unknownAt: ['p'] },
    ]);
    // Before another provider is tried for the third recipient, the first provider is asked whether it has the mail.
    expect(pending(next)).toEqual(['b@x']);
    expect(next.log).toMatchObject({ attempts: [{ each: 'ar?' }], done: [0] });
  });

  it('remembers the groups that a provider has to be offered by themselves, until their recipients end', () => {
    const all = ['a@x', 'b@x', 'c@x', 'd@x'];
    const waits: Outcome = { kind: 'throttled', of: 'recipient', reason: 'not-tried' };
    const then = (progress: Progress, provider: string, result: AttemptResult) =>
      later(consequences(progress, provider, result).progress);
    const split = { outcome: waits, apart: [['a@x', 'b@x'], ['c@x']], recipients: new Map([['d@x', bad]]) };
    const first = then(begin(all), 'p', split);

    // The group with the refused recipient comes last.
    expect(groupsAt(first, 'p', all)).toEqual([['a@x', 'b@x'], ['c@x'], ['d@x']]);
    expect(groupsAt(first, 'p', ['b@x', 'c@x'])).toEqual([['b@x'], ['c@x']]);
    expect(groupsAt(first, 'p', ['d@x'])).toEqual([]);
    expect(groupsAt(first, 'q', all)).toEqual([]);

    const taken = then(first, 'q', { outcome: accepted, recipients: new Map([['b@x', waits]]) });
    expect(groupsAt(taken, 'p', pending(taken))).toEqual([['b@x']]);

    // An attempt that does not split the recipients leaves the groups unchanged. An attempt with other groups replaces the
    // earlier groups.
    expect(then(first, 'p', { outcome: down }).apart).toEqual(first.apart);
    expect(then(first, 'p', { outcome: waits, apart: [['b@x']] }).apart).toEqual([{ provider: 'p', group: ['b@x'] }]);
  });

  it('starts with nothing done and nothing remembered', () => {
    expect(begin(['a@x'])).toEqual({
      log: EMPTY_LOG,
      unreported: [],
      apart: [],
      unknownAttempts: [],
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
  });

  it('ends at the start of a round what two providers have refused by then', () => {
    const ends = (...keys: string[]) =>
      begin(['a@x'], { attempts: keys.map((key) => stored(key, 'r')) }).recipients.map(({ end }) => end);

    expect(ends('p', 'p')).toEqual([undefined]);
    expect(ends('p', 'q')).toEqual(['refused']);
    expect(ends('p', 'q', 'r')).toEqual(['refused']);
  });

  it('keeps the oldest time of several unknown outcomes of a provider, and calls them settled only if all are', () => {
    const unknownAttempts = (...attempts: Partial<StoredAttempt>[]) =>
      begin(['a@x', 'b@x'], { attempts: [stored('q', 'r'), ...attempts.map((one) => stored('p', '?', one))] })
        .unknownAttempts;

    expect(unknownAttempts({ begun: 7, asked: 1, settled: true }, { begun: 5, asked: 3 })).toEqual([
      { provider: 'p', account, at: 5, last: 7, asked: 3, settled: false },
    ]);
    expect(unknownAttempts({ begun: 5 }, { begun: 7, asked: 1, settled: true })).toEqual([
      { provider: 'p', account, at: 5, last: 7, asked: 1, settled: false },
    ]);
    expect(unknownAttempts({ begun: 5, settled: true }, { begun: 7, settled: true })).toEqual([
      { provider: 'p', account, at: 5, last: 7, asked: 0, settled: true },
    ]);
    expect(unknownAttempts({})).toEqual([{ provider: 'p', account, at: 5, last: 5, asked: 0, settled: false }]);
  });

  it('waits for an unknown outcome that may still be found out', () => {
    const waits = (onUnknown: OnUnknown, letters: string, more: Partial<StoredAttempt> = {}) =>
      begin(['a@x', 'b@x'], { attempts: [stored('p', letters, more)] }, rules(onUnknown)).recipients.map(
        ({ waiting }) => waiting,
      );

    expect(waits('ask', '?-')).toEqual([true, false]);
    expect(waits('hold', '?f')).toEqual([true, true]);
    expect(waits('ask', '?f')).toEqual([true, false]);
    expect(waits('failover', '?')).toEqual([false, false]);
    expect(waits('ask', '?', { settled: true })).toEqual([false, false]);
    const both = { attempts: [stored('p', '?'), stored('q', '?', { settled: true })] };
    expect(begin(['a@x'], both).recipients[0]).toMatchObject({ waiting: true, unknownAt: ['p', 'q'] });
  });

  it('forgets refusals from before a redrive, but not who is suppressed, and not what may have been accepted', () => {
    const all = ['a@x', 'b@x', 'c@x', 'd@x', 'e@x', 'f@x'];
    const attempts = [stored('p', 'rudsf?', { apart: [[0, 1]] })];
    const before = begin(all, { attempts });
    const after = begin(all, { attempts, redrives: 1 });

    expect(before.apart).toHaveLength(1);
    expect(before.recipients.map((one) => [one.refusedBy, one.unrecognisedBy, one.deniedBy].flat())).toEqual([
      ['p'],
      ['p'],
      ['p'],
      [],
      [],
      [],
    ]);
    expect(after.apart).toEqual([]);
    expect(after.recipients.flatMap((one) => [one.refusedBy, one.unrecognisedBy, one.deniedBy].flat())).toEqual([]);
    expect(after.recipients.map(({ end, failedAt, unknownAt }) => [end, ...failedAt, ...unknownAt])).toEqual([
      [undefined],
      [undefined],
      [undefined],
      ['suppressed'],
      [undefined, 'p'],
      [undefined, 'p'],
    ]);
    const again = begin(all, { attempts: [stored('p', 'r', { redrive: 1, apart: [[0]] })], redrives: 1 });
    expect(again.recipients[0]?.refusedBy).toEqual(['p']);
    expect(again.apart).toEqual([{ provider: 'p', group: ['a@x'] }]);
  });

  it('has ended only when every recipient has an end', () => {
    const half = begin(['a@x', 'b@x'], { done: [0] });

    expect(ended(half)).toBe(false);
    expect(ended(begin(['a@x', 'b@x'], { done: [0, 1] }))).toBe(true);
  });

  it('changes nothing for recipients that were not offered, or have ended', () => {
    const start = begin(['a@x', 'b@x', 'c@x'], { done: [0] });

    const { progress } = consequences(start, 'p', { outcome: bad }, { offered: ['a@x', 'b@x'] });

    expect(progress.recipients.map(({ end, refusedBy }) => [end, ...refusedBy])).toEqual([
      ['accepted'],
      [undefined, 'p'],
      [undefined],
    ]);
    expect(progress).toMatchObject({
      log: { attempts: [{ provider: 'p', each: 'rr-' }], done: [0] },
      unknownAttempts: [],
    });
  });

  it.each<[string, Outcome]>([
    ['throttles', { kind: 'throttled', of: 'provider', reason: 'rate-limit' }],
    ['is down', down],
    ['refuses the account', { kind: 'unavailable', blames: 'account', reason: 'account-suspended' }],
  ])('counts nothing against a provider that %s', (_, outcome) => {
    const start = begin(['a@x']);

    const { log, ...others } = attempt(start, 'p', outcome);
    expect(others).toEqual({ ...start, log: undefined });
    expect(log).toMatchObject({ attempts: [{ each: 'n' }], done: [] });
  });

  it('remembers a provider that failed after it had the whole request, once', () => {
    const failed: Outcome = { ...down, maybeTaken: true };

    const progress = attempt(attempt(begin(['a@x']), 'p', failed), 'p', failed);

    expect(later(progress).recipients[0]).toMatchObject({ failedAt: ['p'], unknownAt: [] });
    expect(later(progress, rules('hold')).recipients[0]).toMatchObject({ failedAt: [], unknownAt: ['p'] });
  });

  it('does not call it a contradiction when a provider accepts what it refused itself', () => {
    const first = attempt(begin(['a@x']), 'p', bad);

    expect(consequences(first, 'p', { outcome: accepted }).contradicted).toEqual([]);
  });

  it("reports a suppressed recipient in the provider's words, and none that was merely refused", () => {
    const unreported = (outcome: Outcome) => attempt(begin(['a@x']), 'p', outcome).unreported;

    expect(unreported({ ...inactive, detail: 'hard bounce' })).toEqual([
      { address: 'a@x', provider: 'p', attempt: 1, reason: 'inactive-recipient', detail: 'hard bounce', alone: true },
    ]);
    expect(Object.keys(unreported(inactive)[0] ?? {})).toEqual(['address', 'provider', 'attempt', 'reason', 'alone']);
    expect(unreported(bad)).toEqual([]);
    expect(unreported(down)).toEqual([]);
    expect(unreported(accepted)).toEqual([]);
  });

  it('tries a second provider where the first one is doubted, and then ends', () => {
    const start = begin(['a@x']);
    const denied = new Set(['a@x']);
    const first = consequences(start, 'p', { outcome: inactive }, { denied }).progress;
    expect([pending(first), pending(first, 'p'), pending(first, 'q')]).toEqual([['a@x'], [], ['a@x']]);
    expect(first.unreported).toEqual([]);
    expect(later(first).recipients[0]?.deniedBy).toEqual(['p']);

    const agreed = consequences(first, 'q', { outcome: inactive }, { denied }).progress;
    expect(agreed.recipients[0]?.end).toBe('suppressed');
    expect(agreed.unreported).toMatchObject([{ provider: 'q' }]);
    expect(agreed.unreported[0]).not.toHaveProperty('alone');

    const taken = consequences(first, 'q', { outcome: accepted });
    expect(taken.contradicted).toEqual(['p']);

    const nobodyElse = declareRefused(first, ['p']);
    expect(nobodyElse.recipients[0]?.end).toBe('suppressed');
    expect(nobodyElse.unreported).toMatchObject([{ address: 'a@x', provider: 'p', alone: true }]);
    expect(declareRefused(first, ['p', 'q']).recipients[0]?.end).toBeUndefined();
  });

  it('takes no second opinion from another account of the doubted vendor', () => {
    const vendorOf = (key: string) => (key === 'r' ? 'other' : 'vendor');
    const start = begin(['a@x']);
    const denied = new Set(['a@x']);
    const first = consequences(start, 'p', { outcome: inactive }, { vendorOf, denied }).progress;

    const same = consequences(first, 'q', { outcome: inactive }, { vendorOf }).progress;
    expect(same.recipients[0]).toMatchObject({ deniedBy: ['p', 'q'] });
    expect(same.recipients[0]?.end).toBeUndefined();
    expect([pending(same, 'q'), pending(same, 'r')]).toEqual([[], ['a@x']]);
    expect(later(same, { onUnknown: 'ask', vendorOf }).recipients[0]?.deniedBy).toEqual(['p', 'q']);
    expect(declareRefused(same, ['p', 'q']).recipients[0]?.end).toBe('suppressed');

    const other = consequences(same, 'r', { outcome: inactive }, { vendorOf }).progress;
    expect(other.recipients[0]?.end).toBe('suppressed');
    const taken = consequences(same, 'r', { outcome: accepted }, { vendorOf });
    expect(taken.contradicted).toEqual(['p', 'q']);

    // A spam complaint is the recipient's own decision. Therefore the complaint counts, whichever account reports it.
    const complained: Outcome = { ...inactive, detail: 'spam complaint' };
    const ends = consequences(first, 'q', { outcome: complained }, { vendorOf }).progress;
    expect(ends.recipients[0]?.end).toBe('suppressed');
  });

  it('keeps the unknown outcomes of other providers when one is added or resolved', () => {
    const both = attempt(attempt(begin(['a@x']), 'p', lost, 'failover', 3), 'q', lost, 'failover', 4);
    expect(both.unknownAttempts.map(({ provider, at }) => [provider, at])).toEqual([
      ['p', 3],
      ['q', 4],
    ]);

    const again = attempt(both, 'q', lost, 'failover', 9);
    expect(again.unknownAttempts.map(({ provider, at, last }) => [provider, at, last])).toEqual([
      ['p', 3, 3],
      ['q', 4, 9],
    ]);

    const heard = afterAnswer(both, 'q', { found: new Map(), asked: 2, settled: true }, rules('failover'));
    expect(heard.unknownAttempts).toEqual([
      { provider: 'p', account, at: 3, last: 3, asked: 0, settled: false },
      { provider: 'q', account, at: 4, last: 4, asked: 2, settled: true },
    ]);
    expect(heard.log.attempts.map(({ asked, settled }) => [asked, settled])).toEqual([
      [undefined, undefined],
      [2, true],
    ]);
  });

  it('applies a reply only to recipients with an unknown outcome at that provider', () => {
    const start = begin(['a@x', 'b@x', 'c@x'], { attempts: [stored('p', '?-?')], done: [2] });
    const found = new Map([
      ['b@x', 'id-b'],
      ['c@x', 'id-c'],
    ]);

    const heard = afterAnswer(start, 'p', { found, asked: 1, settled: false }, rules());

    expect(heard.recipients.map(({ end, waiting }) => [end, waiting])).toEqual([
      [undefined, true],
      [undefined, false],
      ['accepted', false],
    ]);
    expect(heard.log.done).toEqual([2]);
  });

  it('marks as found only the unknown attempts of the provider', () => {
    const attempts = [
      stored('p', '?'),
      stored('p', 'n', { number: 2 }),
      stored('q', '?', { number: 3 }),
      stored('p', 'f', { number: 4 }),
    ];
    const found = new Map([['a@x', 'pm-1']]);
    const log = (onUnknown: OnUnknown) =>
      afterAnswer(
        begin(['a@x'], { attempts }, rules(onUnknown)),
        'p',
        { found, asked: 0, settled: true },
        rules(onUnknown),
      ).log;

    const told = { settled: true, outcome: 'accepted', reason: 'found', providerMessageId: 'pm-1' };
    expect(log('ask')).toEqual({
      attempts: [{ ...attempts[0], ...told }, ...attempts.slice(1)],
      done: [0],
      redrives: 0,
    });
    expect(log('hold').attempts).toEqual([
      { ...attempts[0], ...told },
      attempts[1],
      attempts[2],
      { ...attempts[3], ...told },
    ]);
  });

  it('ends nothing as refused when no provider may be used', () => {
    const start = begin(['a@x']);

    expect(declareRefused(start, [])).toEqual(start);
  });

  it('offers no provider an address that it cannot carry, and ends recipients that none can carry', () => {
    const start = begin(['a@x', 'b@x', 'c@x']);
    const unsupported = new Map([
      ['p', ['b@x', 'c@x']],
      ['q', ['c@x']],
    ]);

    expect(pending(start, 'p', unsupported)).toEqual(['a@x']);
    expect(pending(start, 'q', unsupported)).toEqual(['a@x', 'b@x']);
    const declared = declareRefused(start, ['p', 'q'], unsupported);
    expect(declared.recipients.map(({ end }) => end)).toEqual([undefined, undefined, 'refused']);
    expect(declared.unreported).toEqual([]);
  });

  it('accepts the refusal of the only provider that can carry an address', () => {
    const start = begin(['a@x', 'b@x']);
    const refused = consequences(start, 'q', { outcome: bad }, { offered: ['b@x'] });

    const declared = declareRefused(refused.progress, ['p', 'q'], new Map([['p', ['b@x']]]));
    expect(declared.recipients.map(({ end }) => end)).toEqual([undefined, 'refused']);
  });

  it('offers suppressed recipients to no provider until their events are sent, over retries', () => {
    const addresses = ['a@x', 'b@x', 'c@x'];
    const start = begin(addresses);
    const recipients = new Map<string, Outcome>([
      ['b@x', inactive],
      ['c@x', { ...inactive, reason: 'suppressed', detail: 'not carried: it may hold an address' }],
    ]);
    const { progress } = consequences(start, 'p', { outcome: accepted, recipients });
    expect(ended(progress)).toBe(false);
    expect(progress.unreported).toMatchObject(
      [{ reason: 'inactive-recipient' }, { reason: 'suppressed', detail: /not carried/ }].map(({ reason }) => ({
        reason,
      })),
    );

    const { log } = withoutNotified(progress, new Set(['b@x']));
    const again = begin(addresses, log);

    expect(log).toMatchObject({ attempts: [{ each: 'ass' }], done: [0, 1] });
    expect(pending(again)).toEqual([]);
    expect(again.unreported).toEqual([{ address: 'c@x', provider: 'p', attempt: 1, reason: 'suppressed' }]);
    expect(ended(again)).toBe(false);
    expect(ended(withoutNotified(again, new Set(['c@x'])))).toBe(true);
    // Meanwhile another delivery of the same queue message may have sent the event.
    expect(begin(addresses, { ...log, done: [0, 1, 2] }).unreported).toEqual([]);
    expect(begin(['a@x'], log).unreported).toEqual([]);
  });

  it('reports in a later round the reason that the record has', () => {
    const one = attempt(begin(['a@x']), 'p', { ...inactive, detail: 'hard bounce' });

    expect(later(one).unreported).toEqual([
      { address: 'a@x', provider: 'p', attempt: 1, reason: 'inactive-recipient' },
    ]);
    const unsaid = { attempts: [stored('p', 's', { blames: 'recipient' })] };
    expect(begin(['a@x'], unsaid).unreported).toMatchObject([{ reason: 'suppressed' }]);
  });

  it('takes served and reported recipients as done, and no others', () => {
    const start = begin(['a@x', 'b@x', 'c@x']);
    const recipients = new Map<string, Outcome>([
      ['b@x', inactive],
      ['c@x', bad],
    ]);
    const { progress } = consequences(start, 'p', { outcome: accepted, recipients });

    expect(progress.log.done).toEqual([0]);
    expect(withoutNotified(progress, new Set(['b@x'])).log.done).toEqual([0, 1]);
    expect(progress.log.attempts.map((one) => one.each)).toEqual(['asr']);
    expect(attempt(begin(['a@x', 'b@x']), 'p', bad).log.attempts[0]?.each).toBe('r');
  });

  it('names the provider that refused what another one accepted', () => {
    const first = attempt(begin(['a@x']), 'p', bad);

    expect(consequences(first, 'q', { outcome: accepted }).contradicted).toEqual(['p']);
  });

  it('stops for a recipient that a provider will not mail', () => {
    const first = begin(['a@x', 'b@x']);
    const result: AttemptResult = { outcome: accepted, recipients: new Map([['b@x', inactive]]) };

    const { progress } = consequences(first, 'p', result);

    expect(pending(progress)).toEqual([]);
    expect(progress.unreported).toMatchObject([{ address: 'b@x', reason: 'inactive-recipient' }]);
  });

  it.each([
    ['ask', [], undefined],
    ['failover', ['a@x'], undefined],
    ['hold', [], undefined],
  ] as const)('treats an unknown outcome by the policy %s', (policy, left, end) => {
    const progress = attempt(begin(['a@x']), 'p', lost, policy);

    expect(pending(progress)).toEqual(left);
    expect(progress.recipients[0]?.end).toBe(end);
  });

  it('does not end as held again after a redrive', () => {
    const reopened = stored('p', '?-', { settled: true });
    const start = begin(['a@x', 'b@x'], { attempts: [reopened], redrives: 1 }, rules('hold'));

    expect(declareHeld(start)).toEqual(start);
    expect(start.unknownAttempts[0]?.reopened).toBe(true);
    // After the redrive, a new unknown outcome holds the mail back again, whether the outcome is at the same provider or at
    // another provider.
    for (const provider of ['p', 'q']) {
      const attempts = [reopened, stored(provider, '?', { number: 2, redrive: 1, settled: true })];
      const again = begin(['a@x', 'b@x'], { attempts, redrives: 1 }, rules('hold'));
      expect(declareHeld(again).recipients[0]?.end).toBe('held');
    }
    const other = stored('p', '-?', { number: 2, redrive: 1 });
    for (const attempts of [
      [reopened, other],
      [other, reopened],
    ])
      expect(begin(['a@x', 'b@x'], { attempts, redrives: 1 }).unknownAttempts[0]?.reopened).toBeUndefined();
  });

  it('ends unresolved unknown outcomes as held under policy hold, and nothing else', () => {
    const unanswered = begin(['a@x', 'b@x'], { attempts: [stored('p', '?-')] }, rules('hold'));

    const settled = afterAnswer(unanswered, 'p', { found: new Map(), asked: 0, settled: true }, rules('hold'));
    expect(declareHeld(settled).recipients.map(({ end }) => end)).toEqual(['held', undefined]);
    const waiting = afterAnswer(unanswered, 'p', { found: new Map(), asked: 1, settled: false }, rules('hold'));
    expect(declareHeld(waiting).recipients.map(({ end }) => end)).toEqual([undefined, undefined]);
  });

  it('ends recipients that the provider turns out to have served, and lets the others go on or wait', () => {
    const next = later(attempt(begin(['a@x', 'b@x']), 'p', lost));

    const settled = afterAnswer(next, 'p', { found: new Map([['a@x', '1']]), asked: 0, settled: true }, rules());
    expect(settled.recipients.map(({ end }) => end)).toEqual(['accepted', undefined]);
    expect(pending(settled)).toEqual(['b@x']);
    expect(settled.unknownAttempts).toEqual([{ provider: 'p', account, at: 5, last: 5, asked: 0, settled: true }]);

    const unsettled = afterAnswer(next, 'p', { found: new Map(), asked: 1, settled: false }, rules());
    expect(pending(unsettled)).toEqual([]);
    expect(later(unsettled).unknownAttempts).toEqual([
      { provider: 'p', account, at: 5, last: 5, asked: 1, settled: false },
    ]);
  });

  it('resets the queries about a provider when its outcome is unknown once more', () => {
    const first = attempt(begin(['a@x']), 'p', lost);
    const settled = afterAnswer(first, 'p', { found: new Map(), asked: 2, settled: true }, rules());

    const again = attempt(later(settled), 'p', lost, 'ask', 9);

    expect(again.unknownAttempts).toEqual([{ provider: 'p', account, at: 5, last: 9, asked: 0, settled: false }]);
  });

  it('names the providers that may have accepted what another one accepted, with the cause', () => {
    const failed: Outcome = { ...down, maybeTaken: true };
    const unanswered = attempt(attempt(begin(['a@x']), 'p', failed), 'q', lost, 'failover');
    const last = later(unanswered, rules('failover'));

    expect(consequences(last, 'r', { outcome: accepted }, rules('failover')).doubled).toEqual([
      { provider: 'p', cause: 'server-error' },
      { provider: 'q', cause: 'answer-lost' },
    ]);
    expect(consequences(last, 'r', { outcome: down }, rules('failover')).doubled).toEqual([]);
  });

  it('lets one refusal suffice only when no other provider may be used', () => {
    const progress = attempt(begin(['a@x']), 'p', bad);

    expect(declareRefused(progress, ['p', 'q']).recipients[0]?.end).toBeUndefined();
    expect(declareRefused(progress, ['p']).recipients[0]?.end).toBe('refused');
  });

  it('never undoes an end and never loses a recipient', () => {
    const outcome = fc.constantFrom(accepted, bad, inactive, down, lost);
    const rounds = fc.array(fc.tuple(fc.constantFrom('p', 'q', 'r'), outcome, outcome), { maxLength: 8 });
    fc.assert(
      fc.property(rounds, fc.constantFrom<OnUnknown>('ask', 'failover', 'hold'), (steps, policy) => {
        let progress = begin(['a@x', 'b@x']);
        for (const [provider, first, second] of steps) {
          const before = progress.recipients.map(({ end }) => end);
          const result = { outcome: first, recipients: new Map([['b@x', second]]) };
          ({ progress } = consequences(progress, provider, result, rules(policy)));
          const read = later(progress, rules(policy));
          // Progress that is read from the log must equal the progress of the round that wrote the log.
          const open = ({ recipients }: Progress) => recipients.filter(({ end }) => end === undefined);
          expect(open(read)).toEqual(open(progress));
          expect(read.log).toBe(progress.log);
          progress = read;
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

/**
 * Returns the progress of a submission at the start of a round. The log has the attempts of earlier rounds and the recipients who
 * were served.
 */
function begin(addresses: readonly string[], log: Partial<AttemptLog> = {}, reading = rules()): Progress {
  return progressOf({ ...EMPTY_LOG, ...log }, addresses, reading);
}

/** Returns the progress of the same submission in a later round, read from the log of the submission. */
function later({ log, recipients }: Progress, reading = rules()): Progress {
  return progressOf(
    log,
    recipients.map(({ address }) => address),
    reading,
  );
}

function stored(provider: string, letters: string, more: Partial<StoredAttempt> = {}): StoredAttempt {
  return { worker: 'w', number: 1, provider, account, begun: 5, each: letters, ended: 6, ...more };
}

interface AttemptOptions extends Partial<ReplayRules> {
  readonly begun?: number;
  readonly offered?: readonly string[];
  readonly denied?: ReadonlySet<string>;
}

function consequences(
  progress: Progress,
  provider: string,
  result: AttemptResult,
  { begun = 5, offered = pending(progress), denied, ...change }: AttemptOptions = {},
): Consequences {
  const reading = { ...rules(), ...change };
  const said = (address: string) => result.recipients?.get(address) ?? result.outcome;
  const { outcome, apart } = result;
  const attempt = stored(
    provider,
    lettersOf(progress, provider, offered, said, { ...reading, ...defined({ denied }) }),
    {
      number: countOf(progress.log) + 1,
      begun,
      outcome: outcome.kind,
      ...defined({
        blames: 'blames' in outcome ? outcome.blames : undefined,
        reason: 'reason' in outcome ? outcome.reason : undefined,
        apart: apart?.map((group) => placesOf(progress, ({ address }) => group.includes(address))),
      }),
    },
  );
  return afterAttempt(progress, attempt, said, reading);
}

function attempt(progress: Progress, provider: string, outcome: Outcome, onUnknown: OnUnknown = 'ask', begun = 5) {
  return consequences(progress, provider, { outcome }, { onUnknown, begun }).progress;
}
