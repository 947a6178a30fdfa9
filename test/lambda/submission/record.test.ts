import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Carried, NOTHING_CARRIED, type Vote } from '../../../lambda/submission/carried.ts';
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
const begun = { number: 3, provider: 'postmark', begun: NOW - 70_000 };
const lease = { owner: 'a', until: NOW + 1 };

describe('judge', () => {
  it.each<[string, SubmissionRecord | undefined, Partial<ClaimRequest>, string]>([
    ['nothing', undefined, {}, 'new'],
    ['another content', entry, { hash: 'other' }, 'conflict'],
    ['another content that has ended', { ...entry, state: 'done' }, { hash: 'other' }, 'conflict'],
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
    ['a dead letter in doubt', { ...entry, state: 'dead', reason: 'Unknown' }, { messageId: 'm-2' }, 'over'],
    [
      'a dead letter in doubt, redriven',
      { ...entry, state: 'dead', reason: 'Unknown' },
      { messageId: 'm-2', redriven: true },
      'continues',
    ],
    ['a copy of a redriven letter that died again', { ...entry, state: 'dead' }, { redriven: true }, 'over'],
  ])('finding %s', (_, given, change, expected) => {
    expect(claimability(given, { ...delivery, ...change }).kind).toBe(expected);
  });

  describe('of a letter that another message has replaced', () => {
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
      ['is over although somebody works on the other', { ...waiting, lease }, {}, 'over'],
      ['is over if it knows as much as the ledger', waiting, knowing(4, 0), 'over'],
      ['goes on if it knows of a recipient who has it', waiting, knowing(4, 1), 'continues'],
      ['goes on if it knows of more attempts', waiting, knowing(5), 'continues'],
      ['counts the attempts of the ledger, too', { ...waiting, carried: NOTHING_CARRIED }, knowing(4), 'continues'],
      ['is over by the attempts of the ledger, too', { ...waiting, carried: NOTHING_CARRIED }, knowing(3), 'over'],
      ['goes on if it is the last one after all', waiting, { signature: 'a' }, 'continues'],
      ['goes on if nobody signed it', waiting, { signature: undefined }, 'continues'],
      ['goes on if nothing is known', { ...waiting, lineage: undefined }, {}, 'continues'],
    ])('%s', (_, given, change, expected) => {
      expect(claimability(given, { ...delivery, ...replaced, ...change }).kind).toBe(expected);
    });
  });

  it('takes what the holder of the lease sent as its letting go, and what others sent not', () => {
    const held: SubmissionRecord = { ...entry, lease, attempts: [begun] };
    const letter = (attempts: number, worker?: string): Partial<ClaimRequest> => ({
      retried: true,
      messageId: 'm-2',
      worker,
      carried: { ...NOTHING_CARRIED, attempts },
    });

    expect(claimability(held, { ...delivery, ...letter(2, 'a') }).kind).toBe('in-flight');
    const two: SubmissionRecord = { ...held, attempts: [{ ...begun, number: 2 }, begun] };
    expect(claimability(two, { ...delivery, ...letter(2, 'a') }).kind).toBe('in-flight');
    expect(claimability(held, { ...delivery, ...letter(3, 'a') }).kind).toBe('continues');
    // Two copies count their attempts by themselves: the same number may be another attempt.
    expect(claimability(held, { ...delivery, ...letter(3, 'c') }).kind).toBe('in-flight');
    expect(claimability(held, { ...delivery, ...letter(3) }).kind).toBe('in-flight');
  });

  it('doubts an attempt that was begun and never ended, for those to whom it went', () => {
    const cut: SubmissionRecord = {
      ...entry,
      attempts: [{ ...begun, recipients: [1] }],
      carried: { ...NOTHING_CARRIED, done: [0] },
    };

    expect(carriedBy(cut)).toEqual({
      attempts: 3,
      done: [0],
      history: [{ provider: 'postmark', kind: 'unknown', recipients: [1], at: begun.begun }],
    });
  });

  it('names the provider of an attempt that only now turns out to be interrupted', () => {
    const ended = { ...begun, number: 2, provider: 'ses', ended: NOW, outcome: 'unavailable' } as const;
    const standing = claimability({ ...entry, attempts: [ended, begun] }, delivery);

    expect(standing).toMatchObject({ kind: 'continues', fresh: new Set(['postmark']) });
  });

  it('keeps all doubts over a redrive, to be asked about anew, and forgets refusals', () => {
    const history: Vote[] = [
      { provider: 'p', kind: 'refused' },
      { provider: 'p', kind: 'unknown', recipients: [0], at: 5, asked: 3, settled: true },
      { provider: 'q', kind: 'failed' },
      { provider: 'q', kind: 'suppressed', recipients: [1], attempt: 2, reason: 'inactive' },
    ];
    const dead: SubmissionRecord = { ...entry, state: 'dead', carried: { attempts: 2, done: [], history } };

    expect(carriedBy(dead, { messageId: 'm-2', redriven: true }).history).toEqual([
      { provider: 'p', kind: 'unknown', recipients: [0], at: 5, wished: true },
      ...history.slice(2),
    ]);
  });

  it('does not doubt an attempt that has ended, whatever the letter knows', () => {
    const ended = { ...begun, ended: NOW, outcome: 'unavailable' } as const;

    expect(carriedBy({ ...entry, attempts: [ended] })).toEqual({ attempts: 3, done: [], history: [] });
  });

  it('does not doubt what the worker itself has told the end of, and doubts what another one counts', () => {
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
    expect(carriedBy({ ...dead, state: 'open' }, { redriven: true }).history).toEqual([]);
    expect(carriedBy({ ...dead, state: 'open' }).history).toHaveLength(1);
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

describe('an entry', () => {
  it('marks interrupted attempts as unknown and leaves the others', () => {
    const ended = { ...begun, number: 2, ended: 5, outcome: 'throttled' } as const;

    expect(endInterrupted([ended, begun], NOW)).toEqual([
      ended,
      { ...begun, ended: NOW, outcome: 'unknown', reason: 'interrupted' },
    ]);
  });

  it('takes in what an overtaken worker knows, and nothing that it does not', () => {
    const told = { ...begun, ended: NOW, outcome: 'accepted', providerMessageId: 'x' } as const;
    const other = { ...begun, number: 4, provider: 'ses' };
    const current: SubmissionRecord = {
      ...entry,
      rev: 7,
      worker: 'b',
      attempts: [...endInterrupted([begun], NOW), other],
      carried: { attempts: 3, done: [1], history: [{ provider: 'postmark', kind: 'unknown' }] },
    };

    const amended = amend(current, {
      attempts: [told],
      carried: { attempts: 3, done: [0], history: [{ provider: 'p', kind: 'refused' }] },
    });

    expect(amended).toEqual({
      ...current,
      attempts: [{ ...told, cleared: true }, other],
      carried: { attempts: 3, done: [0, 1], history: [{ provider: 'postmark', kind: 'unknown' }] },
    });
  });
});

describe('what an overtaken worker knows', () => {
  const told = { ...begun, ended: NOW, outcome: 'accepted' } as const;

  it.each([
    ['another number', { number: 4 }],
    ['another provider', { provider: 'ses' }],
    ['another time', { begun: NOW - 69_999 }],
  ])('says nothing about an attempt of %s', (_, change) => {
    const stands = { ...begun, ...change };
    const current: SubmissionRecord = { ...entry, attempts: [stands] };

    expect(amend(current, { attempts: [told], carried: NOTHING_CARRIED })['attempts']).toEqual([stands]);
  });

  it('is written beside what a later release knows of the attempt', () => {
    const interrupted = { ...begun, ended: NOW - 1, outcome: 'unknown', reason: 'interrupted', later: 1 } as const;

    expect(
      amend({ ...entry, attempts: [interrupted] }, { attempts: [told], carried: NOTHING_CARRIED })['attempts'],
    ).toEqual([{ ...told, later: 1, cleared: true }]);
  });

  it.each<[string, object, readonly Vote[]]>([
    ['nothing yet', { ended: undefined, outcome: undefined }, []],
    ['a lost answer', { outcome: 'unknown' }, []],
    ['a lost answer for some', {}, [{ provider: 'postmark', kind: 'unknown', recipients: [1], at: begun.begun }]],
  ])('clears no doubt while it is %s', (_, change, history) => {
    const own = { attempts: [{ ...told, ...change }] as StoredAttempt[], carried: { ...NOTHING_CARRIED, history } };

    expect(amend({ ...entry, attempts: [begun] }, own)['attempts']).toEqual([{ ...told, ...change }]);
  });

  it.each<[string, Vote]>([
    ['a refusal', { provider: 'postmark', kind: 'refused', at: begun.begun }],
    ['a lost answer of another provider', { provider: 'ses', kind: 'unknown', at: begun.begun }],
    ['a lost answer to another attempt', { provider: 'postmark', kind: 'unknown', at: begun.begun - 1 }],
  ])('clears the doubt beside %s', (_, vote) => {
    const own = { attempts: [told], carried: { ...NOTHING_CARRIED, history: [vote] } };

    expect(amend({ ...entry, attempts: [begun] }, own)['attempts']).toEqual([{ ...told, cleared: true }]);
  });

  it.each<[string, Vote]>([
    ['about another attempt', { provider: 'postmark', kind: 'unknown', at: 7 }],
    ['about another provider', { provider: 'ses', kind: 'unknown', at: begun.begun }],
    ['that is none', { provider: 'postmark', kind: 'refused', at: begun.begun }],
  ])('clears no doubt %s', (_, vote) => {
    const other = { number: 2, provider: 'postmark', begun: 7, ended: 8, outcome: 'unknown' } as const;
    const told = { ...begun, ended: NOW, outcome: 'unavailable', cleared: true } as const;
    const carriedOf = (attempts: StoredAttempt[], history: Vote[]) =>
      carriedBy({ ...entry, attempts, carried: { ...NOTHING_CARRIED, history } }).history;

    expect(carriedOf([told], [vote])).toEqual([vote]);
    // Votes about one provider are merged: as long as one of its attempts is in doubt, all of them stay.
    const doubt: Vote = { provider: 'postmark', kind: 'unknown', at: begun.begun };
    expect(carriedOf([other, told], [doubt])).toEqual([doubt]);
    expect(carriedOf([told], [doubt])).toEqual([]);
    expect(carriedOf([{ ...told, cleared: undefined } as never], [doubt])).toEqual([doubt]);
  });

  it('counts for less than an outcome that stands already', () => {
    const stands = { ...begun, ended: NOW, outcome: 'throttled' } as const;

    expect(amend({ ...entry, attempts: [stands] }, { attempts: [told], carried: NOTHING_CARRIED })['attempts']).toEqual(
      [stands],
    );
  });
});

describe('contentHash', () => {
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

  it('tells lists of another order apart', () => {
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
