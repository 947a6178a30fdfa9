import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account } from '../../../lambda/providers/account.ts';
import { type Carried, NOTHING_CARRIED, type Vote } from '../../../lambda/submission/carried.ts';
import { NOTHING_TAKEN } from '../../../lambda/submission/lineage.ts';
import {
  amend,
  type ClaimRequest,
  claimability,
  endInterrupted,
  type StoredAttempt,
  type SubmissionRecord,
  submissionHash,
} from '../../../lambda/submission/record.ts';

const NOW = 1_000_000;
const entry: SubmissionRecord = {
  pk: 'submission/x',
  rev: 1,
  hash: 'h',
  origin: 'm-1',
  worker: 'a',
  lineage: NOTHING_TAKEN,
  firstSeen: 1,
  state: 'open',
  attempts: [],
  carried: NOTHING_CARRIED,
};
const delivery: ClaimRequest = {
  hash: 'h',
  messageId: 'm-1',
  redriven: false,
  retried: false,
  carried: NOTHING_CARRIED,
  owner: 'b',
  now: NOW,
};
const account: Account = { type: 'postmark' };
const begun = { number: 3, provider: 'postmark', account, begun: NOW - 70_000 };
const lease = { owner: 'a', until: NOW + 1 };

describe('claimability', () => {
  it.each<[string, SubmissionRecord | undefined, Partial<ClaimRequest>, string]>([
    ['no record', undefined, {}, 'new'],
    ['other content', entry, { hash: 'other' }, 'conflict'],
    ['other content that has ended', { ...entry, state: 'done' }, { hash: 'other' }, 'conflict'],
    ['the end', { ...entry, state: 'done' }, {}, 'over'],
    ['the end, redriven', { ...entry, state: 'done' }, { redriven: true }, 'over'],
    ['a lease of another worker', { ...entry, lease }, {}, 'in-flight'],
    ['an own lease', { ...entry, lease }, { owner: 'a' }, 'continues'],
    ['a lease that ends now', { ...entry, lease: { owner: 'a', until: NOW } }, {}, 'continues'],
    ['a dead letter of this message', { ...entry, state: 'dead', reason: 'Refused' }, {}, 'over'],
    [
      'a dead letter of another message',
      { ...entry, state: 'dead', reason: 'Refused' },
      { messageId: 'm-2' },
      'continues',
    ],
    ['a dead letter, from a retry queue', { ...entry, state: 'dead' }, { messageId: 'm-2', retried: true }, 'over'],
    ['a dead letter of unknown outcome', { ...entry, state: 'dead', reason: 'Unknown' }, { messageId: 'm-2' }, 'over'],
    [
      'a dead letter of unknown outcome, redriven',
      { ...entry, state: 'dead', reason: 'Unknown' },
      { messageId: 'm-2', redriven: true },
      'continues',
    ],
    [
      'a copy of a redriven message that was dead-lettered again',
      { ...entry, state: 'dead' },
      { redriven: true },
      'over',
    ],
  ])('of a submission with %s', (_, given, change, expected) => {
    expect(claimability(given, { ...delivery, ...change }).kind).toBe(expected);
  });

  describe('of a message that another one has replaced', () => {
    const replaced: Partial<ClaimRequest> = { retried: true, messageId: 'm-2', worker: 'x', signature: 'x' };
    const waiting: SubmissionRecord = {
      ...entry,
      lineage: { taken: ['m-1'], workers: ['a'] },
      attempts: [{ ...begun, ended: NOW, outcome: 'throttled' }],
      carried: { attempts: 4, done: [0], history: [] },
    };
    const knowing = (attempts: number, ...done: number[]) => ({ carried: { ...NOTHING_CARRIED, attempts, done } });

    it.each<[string, SubmissionRecord, Partial<ClaimRequest>, string]>([
      ['is over', waiting, {}, 'over'],
      ['is over although a worker has claimed the other', { ...waiting, lease }, {}, 'over'],
      ['is over if it knows as much as the record', waiting, knowing(4, 0), 'over'],
      ['continues if it knows of a recipient who was served', waiting, knowing(4, 1), 'continues'],
      ['continues if it knows of more attempts', waiting, knowing(5), 'continues'],
      [
        'continues with more attempts than the record lists',
        { ...waiting, carried: NOTHING_CARRIED },
        knowing(4),
        'continues',
      ],
      [
        'is over with no more attempts than the record lists',
        { ...waiting, carried: NOTHING_CARRIED },
        knowing(3),
        'over',
      ],
      ['continues if it is in the lineage', waiting, { signature: 'a' }, 'continues'],
      ['continues if it has no token', waiting, { signature: undefined }, 'continues'],
      ['continues if the lineage is unknown', { ...waiting, lineage: 'unknown' }, {}, 'continues'],
    ])('%s', (_, given, change, expected) => {
      expect(claimability(given, { ...delivery, ...replaced, ...change }).kind).toBe(expected);
    });
  });

  it("treats a message that the lease's owner sent as the end of its lease, and messages of others not", () => {
    const held: SubmissionRecord = { ...entry, lease, attempts: [begun] };
    const message = (attempts: number, worker?: string): Partial<ClaimRequest> => ({
      retried: true,
      messageId: 'm-2',
      worker,
      carried: { ...NOTHING_CARRIED, attempts },
    });

    expect(claimability(held, { ...delivery, ...message(2, 'a') }).kind).toBe('in-flight');
    const two: SubmissionRecord = { ...held, attempts: [{ ...begun, number: 2 }, begun] };
    expect(claimability(two, { ...delivery, ...message(2, 'a') }).kind).toBe('in-flight');
    expect(claimability(held, { ...delivery, ...message(3, 'a') }).kind).toBe('continues');
    // Two copies count their attempts separately: the same number may be another attempt.
    expect(claimability(held, { ...delivery, ...message(3, 'c') }).kind).toBe('in-flight');
    expect(claimability(held, { ...delivery, ...message(3) }).kind).toBe('in-flight');
  });

  it('treats an attempt that was begun and never ended as unknown, for the recipients that it was offered', () => {
    const cut: SubmissionRecord = {
      ...entry,
      attempts: [{ ...begun, recipients: [1] }],
      carried: { ...NOTHING_CARRIED, done: [0] },
    };

    expect(carriedBy(cut)).toEqual({
      attempts: 3,
      done: [0],
      history: [{ provider: 'postmark', kind: 'unknown', account, recipients: [1], at: begun.begun }],
    });
  });

  it('asks about an interrupted attempt at a provider that did not have an earlier one', () => {
    const at = begun.begun - 60_000;
    const answered: Vote = { provider: 'postmark', kind: 'unknown', account, at, asked: 1, settled: true };
    const carried: Carried = { attempts: 2, done: [], history: [answered] };
    const unknown = { provider: 'postmark', kind: 'unknown', account, at, last: begun.begun };

    // The message was sent before the attempt, and its history says the same.
    expect(carriedBy({ ...entry, attempts: [begun], carried }, { carried }).history).toEqual([unknown]);
  });

  it('names the provider of an attempt that is now found to be interrupted', () => {
    const ended = { ...begun, number: 2, provider: 'ses', ended: NOW, outcome: 'unavailable' } as const;
    const standing = claimability({ ...entry, attempts: [ended, begun] }, delivery);

    expect(standing).toMatchObject({ kind: 'continues', fresh: new Set(['postmark']) });
  });

  it('keeps all unknown outcomes over a redrive, to ask about them again, and forgets refusals', () => {
    const history: Vote[] = [
      { provider: 'p', kind: 'refused' },
      { provider: 'p', kind: 'denied' },
      { provider: 'p', kind: 'apart', recipients: [0] },
      { provider: 'p', kind: 'unknown', account, recipients: [0], at: 5, asked: 3, settled: true },
      { provider: 'q', kind: 'failed' },
      { provider: 'q', kind: 'suppressed', recipients: [1], attempt: 2, reason: 'inactive' },
    ];
    const dead: SubmissionRecord = { ...entry, state: 'dead', carried: { attempts: 2, done: [], history } };

    expect(carriedBy(dead, { messageId: 'm-2', redriven: true }).history).toEqual([
      { provider: 'p', kind: 'unknown', account, recipients: [0], at: 5, wished: true },
      ...history.slice(4),
    ]);
  });

  it('does not treat an ended attempt as unknown, whatever the message knows', () => {
    const ended = { ...begun, ended: NOW, outcome: 'unavailable' } as const;

    expect(carriedBy({ ...entry, attempts: [ended] })).toEqual({ attempts: 3, done: [], history: [] });
  });

  it('does not treat an attempt as unknown whose worker reported the end, but does so for one that another worker counts', () => {
    const carried: Carried = { attempts: 3, done: [0], history: [] };

    expect(carriedBy({ ...entry, attempts: [begun] }, { carried, worker: 'a' })).toEqual(carried);
    expect(carriedBy({ ...entry, attempts: [begun] }, { carried, worker: 'c' }).history).toHaveLength(1);
  });

  it('forgets votes but not served recipients when it is redriven', () => {
    const dead: SubmissionRecord = {
      ...entry,
      state: 'dead',
      reason: 'Refused',
      carried: { attempts: 2, done: [1], history: [{ provider: 'p', kind: 'refused' }] },
    };

    expect(carriedBy(dead, { messageId: 'm-2', redriven: true, carried: { ...NOTHING_CARRIED, done: [0] } })).toEqual({
      attempts: 2,
      done: [0, 1],
      history: [],
    });
    expect(carriedBy({ ...dead, state: 'open' }, { messageId: 'm-2', redriven: true }).history).toEqual([]);
    expect(carriedBy({ ...dead, state: 'open' }).history).toHaveLength(1);
  });

  it('reopens once for a redriven message that is delivered twice', () => {
    const letter: Carried = { attempts: 2, done: [], history: [{ provider: 'p', kind: 'refused' }] };
    const since: Vote = { provider: 'q', kind: 'unknown', account, at: 5 };
    const reopened: SubmissionRecord = { ...entry, carried: { attempts: 3, done: [], history: [since] } };

    // The unknown outcome since the redrive still holds the mail back, and refusals from before it stay forgotten.
    expect(carriedBy(reopened, { redriven: true, carried: letter }).history).toEqual([since]);
  });

  it('never lets two deliveries work at once, and never works on what has ended', () => {
    const states = fc.record({
      state: fc.constantFrom<SubmissionRecord['state']>('open', 'done', 'dead'),
      until: fc.integer({ min: NOW - 5, max: NOW + 5 }),
      retried: fc.boolean(),
      redriven: fc.boolean(),
    });
    fc.assert(
      fc.property(states, ({ state, until, retried, redriven }) => {
        const found: SubmissionRecord = { ...entry, state, lease: { owner: 'a', until }, attempts: [begun] };
        const { kind } = claimability(found, { ...delivery, retried, redriven });
        if (state === 'done') expect(kind).toBe('over');
        if (state === 'open') expect(kind).toBe(until > NOW ? 'in-flight' : 'continues');
      }),
    );
  });
});

describe('a record', () => {
  it('marks interrupted attempts as unknown and leaves the others', () => {
    const ended = { ...begun, number: 2, ended: 5, outcome: 'throttled' } as const;

    expect(endInterrupted([ended, begun], NOW)).toEqual([
      ended,
      { ...begun, ended: NOW, outcome: 'unknown', reason: 'interrupted' },
    ]);
  });

  it('adds what a worker that was taken over knows, and nothing else', () => {
    const told = { ...begun, ended: NOW, outcome: 'accepted', providerMessageId: 'x' } as const;
    const other = { ...begun, number: 4, provider: 'ses' };
    const current: SubmissionRecord = {
      ...entry,
      rev: 7,
      worker: 'b',
      attempts: [...endInterrupted([begun], NOW), other],
      carried: {
        attempts: 3,
        done: [1],
        history: [{ provider: 'postmark', kind: 'unknown', account, at: begun.begun }],
      },
    };

    const amended = amend(current, {
      attempts: [told],
      carried: { attempts: 3, done: [0], history: [{ provider: 'p', kind: 'refused' }] },
    });

    expect(amended).toEqual({
      ...current,
      attempts: [{ ...told, cleared: true }, other],
      carried: {
        attempts: 3,
        done: [0, 1],
        history: [{ provider: 'postmark', kind: 'unknown', account, at: begun.begun }],
      },
    });
  });
});

describe('the outcomes of a worker that was taken over', () => {
  const told = { ...begun, ended: NOW, outcome: 'accepted' } as const;

  it.each([
    ['another number', { number: 4 }],
    ['another provider', { provider: 'ses' }],
    ['another time', { begun: NOW - 69_999 }],
  ])('do not change an attempt of %s', (_, change) => {
    const stands = { ...begun, ...change };
    const current: SubmissionRecord = { ...entry, attempts: [stands] };

    expect(amend(current, { attempts: [told], carried: NOTHING_CARRIED })['attempts']).toEqual([stands]);
  });

  it('are written without losing fields of a later release', () => {
    const interrupted = { ...begun, ended: NOW - 1, outcome: 'unknown', reason: 'interrupted', later: 1 } as const;

    expect(
      amend({ ...entry, attempts: [interrupted] }, { attempts: [told], carried: NOTHING_CARRIED })['attempts'],
    ).toEqual([{ ...told, later: 1, cleared: true }]);
  });

  it.each<[string, object, readonly Vote[]]>([
    ['nothing yet', { ended: undefined, outcome: undefined }, []],
    ['a lost answer', { outcome: 'unknown' }, []],
    [
      'a lost answer for some',
      {},
      [{ provider: 'postmark', kind: 'unknown', account, recipients: [1], at: begun.begun }],
    ],
    [
      'a lost answer for some, after an earlier one',
      {},
      [{ provider: 'postmark', kind: 'unknown', account, recipients: [1], at: begun.begun - 9, last: begun.begun }],
    ],
  ])('clear no unknown outcome while it is %s', (_, change, history) => {
    const own = { attempts: [{ ...told, ...change }] as StoredAttempt[], carried: { ...NOTHING_CARRIED, history } };

    expect(amend({ ...entry, attempts: [begun] }, own)['attempts']).toEqual([{ ...told, ...change }]);
  });

  it.each<[string, Vote]>([
    ['a refusal', { provider: 'postmark', kind: 'refused' }],
    ['a lost answer of another provider', { provider: 'ses', kind: 'unknown', account, at: begun.begun }],
    ['a lost answer to another attempt', { provider: 'postmark', kind: 'unknown', account, at: begun.begun - 1 }],
  ])('clear the unknown outcome despite %s', (_, vote) => {
    const own = { attempts: [told], carried: { ...NOTHING_CARRIED, history: [vote] } };

    expect(amend({ ...entry, attempts: [begun] }, own)['attempts']).toEqual([{ ...told, cleared: true }]);
  });

  it.each<[string, Vote]>([
    ['about another attempt', { provider: 'postmark', kind: 'unknown', account, at: 7 }],
    ['about another provider', { provider: 'ses', kind: 'unknown', account, at: begun.begun }],
    ['that is none', { provider: 'postmark', kind: 'refused' }],
  ])('clear no unknown outcome %s', (_, vote) => {
    const other = { number: 2, provider: 'postmark', account, begun: 7, ended: 8, outcome: 'unknown' } as const;
    const told = { ...begun, ended: NOW, outcome: 'unavailable', cleared: true } as const;
    const carriedOf = (attempts: StoredAttempt[], history: Vote[]) =>
      carriedBy({ ...entry, attempts, carried: { ...NOTHING_CARRIED, history } }).history;

    expect(carriedOf([told], [vote])).toEqual([vote]);
    // Votes about one provider are merged: as long as the outcome of one of its attempts is unknown, all of them stay.
    const doubt: Vote = { provider: 'postmark', kind: 'unknown', account, at: begun.begun };
    expect(carriedOf([other, told], [doubt])).toEqual([doubt]);
    expect(carriedOf([told], [doubt])).toEqual([]);
    expect(carriedOf([{ ...told, cleared: undefined } as never], [doubt])).toEqual([doubt]);
  });

  it('count for less than an outcome that is already recorded', () => {
    const stands = { ...begun, ended: NOW, outcome: 'throttled' } as const;

    expect(amend({ ...entry, attempts: [stands] }, { attempts: [told], carried: NOTHING_CARRIED })['attempts']).toEqual(
      [stands],
    );
  });
});

describe('submissionHash', () => {
  const mail = {
    version: 1 as const,
    from: 'a@x.example',
    to: ['b@x.example'],
    text: 'hi',
    headers: { A: '1', B: '2' },
  };

  it('is the same for every order of fields, at every depth', () => {
    expect(
      submissionHash({ headers: { B: '2', A: '1' }, text: 'hi', to: ['b@x.example'], from: 'a@x.example', version: 1 }),
    ).toBe(submissionHash(mail));
  });

  it.each([{ text: 'ho' }, { to: ['c@x.example'] }, { headers: { A: '2', B: '1' } }, { cc: ['b@x.example'] }])(
    'differs for another content: %o',
    (change) => {
      expect(submissionHash({ ...mail, ...change })).not.toBe(submissionHash(mail));
    },
  );

  it('differs for lists in another order', () => {
    expect(submissionHash({ ...mail, to: ['a@x.example', 'b@x.example'] })).not.toBe(
      submissionHash({ ...mail, to: ['b@x.example', 'a@x.example'] }),
    );
  });
});

function carriedBy(given: SubmissionRecord, change: Partial<ClaimRequest> = {}): Carried {
  const standing = claimability(given, { ...delivery, ...change });
  if (standing.kind !== 'continues') throw new Error(`it is ${standing.kind}`);
  return standing.carried;
}
