import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AttemptLog,
  countOf,
  EMPTY_LOG,
  endInterrupted,
  joinLetters,
  letterAt,
  MOST_ATTEMPTS,
  mergeLogs,
  type ResultLetter,
  reopened,
  type StoredAttempt,
  withAttempt,
  withDone,
} from '../../../lambda/submission/log.ts';

const begun: StoredAttempt = {
  worker: 'a',
  number: 1,
  provider: 'postmark',
  account: { type: 'postmark' },
  begun: 5,
  each: '?',
};
const interrupted: StoredAttempt = { ...begun, ended: 9, outcome: 'unknown', reason: 'interrupted' };
const refused: StoredAttempt = {
  ...begun,
  ended: 7,
  each: 'r',
  outcome: 'refused',
  blames: 'message',
  reason: 'format',
};
const found: StoredAttempt = { ...interrupted, outcome: 'accepted', reason: 'found', providerMessageId: 'x' };
const log = (...attempts: StoredAttempt[]): AttemptLog => ({ ...EMPTY_LOG, attempts });

describe('letters', () => {
  it('are one for all recipients, or one for each', () => {
    expect([letterAt('r', 7), letterAt('ra', 1), letterAt('ra', 2)]).toEqual(['r', 'a', '-']);
    expect([joinLetters(['a', 'a']), joinLetters(['a', 'r']), joinLetters(['s'])]).toEqual(['a', 'ar', 's']);
  });
});

describe('a log', () => {
  it('counts by the number of its last attempt', () => {
    expect(countOf(EMPTY_LOG)).toBe(0);
    expect(countOf(log(begun, { ...begun, number: 7 }))).toBe(7);
  });

  it('has each attempt once, the newest last', () => {
    const other = { ...begun, worker: 'b' };
    const next = { ...begun, number: 2 };
    const all = [begun, other, next].reduce(withAttempt, EMPTY_LOG);

    expect(all.attempts).toEqual([begun, other, next]);
    expect(withAttempt(all, { ...next, ended: 6 }).attempts).toEqual([begun, other, { ...next, ended: 6 }]);
  });

  it('has only the newest words and groups of each provider', () => {
    const told = { ...refused, words: 'no', apart: [[0]] };
    const ses = { ...told, provider: 'ses', number: 2 };
    const add = (change: Partial<StoredAttempt>) =>
      withAttempt(log(told, ses), { ...refused, number: 3, ...change }).attempts;

    expect(add({})).toEqual([told, ses, { ...refused, number: 3 }]);
    expect(add({ words: 'never' })[0]).toEqual({ ...refused, apart: [[0]] });
    expect(add({ words: 'never' })[1]).toEqual(ses);
    expect(add({ apart: [] })[0]).toEqual({ ...refused, words: 'no' });
  });

  it('names each recipient who is done once, in order', () => {
    const some = { ...EMPTY_LOG, done: [2, 10] };

    expect(withDone(some, [1, 2]).done).toEqual([1, 2, 10]);
    expect(withDone(some, [])).toBe(some);
  });

  it('marks interrupted attempts as unknown and leaves the others', () => {
    expect(endInterrupted({ attempts: [refused, { ...begun, number: 2 }], done: [3], redrives: 1 }, 9)).toEqual({
      attempts: [refused, { ...interrupted, number: 2 }],
      done: [3],
      redrives: 1,
    });
  });

  it('asks again about what is unknown when it is reopened', () => {
    const asked = { ...interrupted, asked: 3, settled: true as const };

    expect(reopened({ attempts: [refused, asked], done: [3], redrives: 1 })).toEqual({
      attempts: [refused, interrupted],
      done: [3],
      redrives: 2,
    });
  });
});

describe('two copies', () => {
  it('are merged into the union of what they know', () => {
    const other = { ...refused, worker: 'b', begun: 4 };
    const next = { ...refused, number: 2 };
    const a: AttemptLog = { attempts: [refused], done: [2, 0], redrives: 1 };
    const b: AttemptLog = { attempts: [other, next], done: [11, 0], redrives: 2 };
    const both = { attempts: [other, refused, next], done: [0, 2, 11], redrives: 2 };

    expect(mergeLogs(a, b)).toEqual(both);
    expect(mergeLogs(b, a)).toEqual(both);
    // Attempts are in the order of their numbers, whatever the clocks of the workers say.
    expect(mergeLogs(log({ ...next, begun: 1 }), log(refused)).attempts.map(({ number }) => number)).toEqual([1, 2]);
  });

  it.each<[string, StoredAttempt, StoredAttempt]>([
    ['marked as interrupted', begun, interrupted],
    ['ended', begun, refused],
    ['ended, after it was marked', interrupted, refused],
    ['found, after it was marked', interrupted, found],
    ['asked about', { ...interrupted, asked: 1 }, { ...interrupted, asked: 2 }],
  ])('of an attempt keep that it was %s', (_, less, more) => {
    expect(mergeLogs(log(less), log(more))).toEqual(log(more));
    expect(mergeLogs(log(more), log(less))).toEqual(log(more));
  });

  it('keep what only one of them knows of an attempt, and nothing of an earlier outcome', () => {
    const asked = { ...interrupted, asked: 2, settled: true, blames: 'outage', laterField: 1 } as const;
    const own: StoredAttempt = { ...begun, ended: 7, each: 'a', outcome: 'accepted' };

    const both = { ...own, asked: 2, settled: true, laterField: 1 };
    expect(mergeLogs(log(asked), log(own)).attempts).toEqual([both]);
    expect(mergeLogs(log(own), log(asked)).attempts).toEqual([both]);
  });

  it('take the letter that is known, for each recipient', () => {
    const letters = (a: string, b: string) =>
      mergeLogs(log({ ...found, each: a }), log({ ...refused, each: b })).attempts[0]?.each;

    expect(letters('?', 'r')).toBe('r');
    expect(letters('?', 'ra')).toBe('ra');
    expect(letters('-?', '-r')).toBe('-r');
    expect(letters('a?', 'n?')).toBe('a?');
    expect(letters('r', '?')).toBe('r');
  });

  it('give the same whichever is read first, however often', () => {
    const attempt = fc.record({
      worker: fc.constantFrom('a', 'b'),
      number: fc.integer({ min: 1, max: 3 }),
      state: fc.constantFrom<Partial<StoredAttempt>>({}, interrupted, refused, found, { ...interrupted, asked: 2 }),
    });
    const copy = fc
      .uniqueArray(attempt, { selector: ({ worker, number }) => `${worker}${number}`, maxLength: 4 })
      .map((all) => log(...all.map(({ state, ...id }) => ({ ...begun, ...state, ...id }))))
      .map((one) => mergeLogs(one, EMPTY_LOG));
    const byId = (one: AttemptLog) =>
      one.attempts.toSorted((x, y) => x.number - y.number || (x.worker < y.worker ? -1 : 1));
    fc.assert(
      fc.property(copy, copy, (a, b) => {
        expect(byId(mergeLogs(a, b))).toEqual(byId(mergeLogs(b, a)));
        expect(mergeLogs(mergeLogs(a, b), b)).toEqual(mergeLogs(a, b));
        expect(mergeLogs(a, a)).toEqual(a);
      }),
    );
  });
});

describe('very many attempts', () => {
  const many = (count: number, each: (number: number) => Partial<StoredAttempt>) =>
    Array.from({ length: count }, (_, n) => ({ ...refused, number: n + 1, ...each(n + 1) })).reduce(
      (before, one) => withAttempt(before, one),
      EMPTY_LOG,
    );
  const numbers = (one: AttemptLog) => one.attempts.map(({ number }) => number);

  it('leave the newest fifty, and of older ones those from which something was learned, once for each provider', () => {
    const newest = Array.from({ length: 50 }, (_, n) => n + 11);

    expect(numbers(many(60, () => ({ each: 'n' })))).toEqual(newest);
    expect(numbers(many(60, () => ({ each: '-an' })))).toEqual(newest);
    expect(numbers(many(60, () => ({})))).toEqual([1, ...newest]);
    expect(numbers(many(60, (n) => ({ provider: n % 2 ? 'p' : 'q' })))).toEqual([1, 2, ...newest]);
    expect(numbers(many(60, (n) => ({ redrive: n < 4 ? 1 : 2 })))).toEqual([1, 4, ...newest]);
    // The result is the same if later attempts served some recipients.
    expect(numbers(many(60, (n) => ({ each: n < 4 ? 'r-n' : 'r-a' })))).toEqual([1, ...newest]);
    expect(numbers(many(60, (n) => ({ each: n < 4 ? 'r-n' : '-ra' })))).toEqual([1, 4, ...newest]);
    expect(numbers(many(50, () => ({ each: 'n' })))).toHaveLength(50);
  });

  it('keep the first unknown one, from which on the provider may have the message', () => {
    expect(many(60, () => ({ each: '?' })).attempts[0]?.number).toBe(1);
  });

  it('are the same after a merge', () => {
    const all = many(120, (n) => ({ each: n < 4 ? 'r' : 'n' }));
    expect(mergeLogs(all, all)).toEqual(all);
  });

  it('of 1,000 recipients have less than 300 KB at the bound', () => {
    const letters: ResultLetter[] = ['r', 'u', 'd', 'f', '?'];
    const each = (n: number) =>
      Array.from({ length: 1_000 }, (_, place) => letters[(place * (n + 3) + n) % letters.length] as ResultLetter).map(
        (letter, place) => (place === n ? 's' : letter),
      );
    const most = many(MOST_ATTEMPTS, (n) => ({
      worker: '0'.repeat(36),
      each: joinLetters(each(n)),
      provider: `provider-with-a-long-key-${n % 6}`,
      account: { type: 'mailgun', domain: `${'d'.repeat(63)}.example.com`, region: 'eu' } as never,
      providerMessageId: 'i'.repeat(100),
      status: '550 5.7.1',
      words: 'w'.repeat(300),
      apart: Array.from({ length: 1_000 }, (_, place) => [place]),
    }));
    const record = { ...most, done: Array.from({ length: 1_000 }, (_, place) => place) };

    expect(most.attempts).toHaveLength(MOST_ATTEMPTS);
    expect(JSON.stringify(record).length).toBeLessThan(300_000);
    expect(JSON.stringify(record).length).toBeGreaterThan(200_000);
  });
});
