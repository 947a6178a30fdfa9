import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amend, contentHash, type Delivery, type Entry, endInterrupted, judge } from '../../lambda/sender/entry.ts';
import { type Carried, NOTHING_CARRIED } from '../../lambda/sender/progress.ts';

const NOW = 1_000_000;
const entry: Entry = {
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
const delivery: Delivery = {
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
  it.each<[string, Entry | undefined, Partial<Delivery>, string]>([
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
    expect(judge(given, { ...delivery, ...change }).kind).toBe(expected);
  });

  it('takes what the holder of the lease sent as its letting go, and what others sent not', () => {
    const held: Entry = { ...entry, lease, attempts: [begun] };
    const letter = (attempts: number, worker?: string): Partial<Delivery> => ({
      retried: true,
      messageId: 'm-2',
      worker,
      carried: { ...NOTHING_CARRIED, attempts },
    });

    expect(judge(held, { ...delivery, ...letter(2, 'a') }).kind).toBe('in-flight');
    expect(judge(held, { ...delivery, ...letter(3, 'a') }).kind).toBe('continues');
    // Two copies count their attempts by themselves: the same number may be another attempt.
    expect(judge(held, { ...delivery, ...letter(3, 'c') }).kind).toBe('in-flight');
    expect(judge(held, { ...delivery, ...letter(3) }).kind).toBe('in-flight');
  });

  it('doubts an attempt that was begun and never ended, for those to whom it went', () => {
    const cut: Entry = {
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
    const dead: Entry = {
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
      state: fc.constantFrom<Entry['state']>('open', 'done', 'dead'),
      until: fc.integer({ min: NOW - 5, max: NOW + 5 }),
      retried: fc.boolean(),
      redriven: fc.boolean(),
    });
    fc.assert(
      fc.property(states, ({ state, until, retried, redriven }) => {
        const found: Entry = { ...entry, state, lease: { owner: 'a', until }, attempts: [begun] };
        const { kind } = judge(found, { ...delivery, retried, redriven });
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
    const current: Entry = {
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
      attempts: [told, other],
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
    const current: Entry = { ...entry, attempts: [stands] };

    expect(amend(current, { attempts: [told], carried: NOTHING_CARRIED })['attempts']).toEqual([stands]);
  });

  it('is written beside what a later release knows of the attempt', () => {
    const interrupted = { ...begun, ended: NOW - 1, outcome: 'unknown', reason: 'interrupted', later: 1 } as const;

    expect(
      amend({ ...entry, attempts: [interrupted] }, { attempts: [told], carried: NOTHING_CARRIED })['attempts'],
    ).toEqual([{ ...told, later: 1 }]);
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
      contentHash({ headers: { B: '2', A: '1' }, text: 'hi', to: ['b@x.example'], from: 'a@x.example', version: 1 }),
    ).toBe(contentHash(mail));
  });

  it.each([{ text: 'ho' }, { to: ['c@x.example'] }, { headers: { A: '2', B: '1' } }, { cc: ['b@x.example'] }])(
    'differs for another content: %o',
    (change) => {
      expect(contentHash({ ...mail, ...change })).not.toBe(contentHash(mail));
    },
  );

  it('tells lists of another order apart', () => {
    expect(contentHash({ ...mail, to: ['a@x.example', 'b@x.example'] })).not.toBe(
      contentHash({ ...mail, to: ['b@x.example', 'a@x.example'] }),
    );
  });
});

function carriedBy(given: Entry, change: Partial<Delivery> = {}): Carried {
  const standing = judge(given, { ...delivery, ...change });
  if (standing.kind !== 'continues') throw new Error(`it is ${standing.kind}`);
  return standing.carried;
}
