import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderAccount } from '../../../lambda/providers/account.ts';
import { NOTHING_TAKEN } from '../../../lambda/submission/lineage.ts';
import { type AttemptLog, EMPTY_LOG, type StoredAttempt } from '../../../lambda/submission/log.ts';
import {
  type ClaimRequest,
  claimability,
  type SubmissionRecord,
  submissionHash,
} from '../../../lambda/submission/record.ts';
import { progressOf } from '../../../lambda/submission/replay.ts';

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
  ...EMPTY_LOG,
};
const delivery: ClaimRequest = {
  hash: 'h',
  messageId: 'm-1',
  redriven: false,
  retried: false,
  log: EMPTY_LOG,
  owner: 'b',
  now: NOW,
};
const account: ProviderAccount = { type: 'postmark' };
const begun: StoredAttempt = { worker: 'a', number: 3, provider: 'postmark', account, begun: NOW - 70_000, each: '?' };
const told: StoredAttempt = { ...begun, each: 'n', ended: NOW - 5, outcome: 'unavailable' };
const interrupted: StoredAttempt = { ...begun, ended: NOW, outcome: 'unknown', reason: 'interrupted' };
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
      attempts: [told],
      done: [0],
    };
    const knowing = (number: number, ...done: number[]) => ({
      log: { ...EMPTY_LOG, attempts: [{ ...told, number }], done },
    });

    it.each<[string, SubmissionRecord, Partial<ClaimRequest>, string]>([
      ['is over', waiting, {}, 'over'],
      ['is over although a worker has claimed the other', { ...waiting, lease }, {}, 'over'],
      ['is over if it knows as much as the record', waiting, knowing(3, 0), 'over'],
      ['continues if it knows of a recipient who was served', waiting, knowing(3, 1), 'continues'],
      ['continues if it knows of more attempts', waiting, knowing(4), 'continues'],
      ['continues if it is in the lineage', waiting, { signature: 'a' }, 'continues'],
      ['continues if it has no token', waiting, { signature: undefined }, 'continues'],
      ['continues if the lineage is unknown', { ...waiting, lineage: 'unknown' }, {}, 'continues'],
    ])('%s', (_, given, change, expected) => {
      expect(claimability(given, { ...delivery, ...replaced, ...change }).kind).toBe(expected);
    });
  });

  it("treats a message that the lease's owner sent as the end of its lease, if it knows how all attempts ended", () => {
    const held: SubmissionRecord = { ...entry, lease, attempts: [begun] };
    const message = (worker: string | undefined, ...attempts: StoredAttempt[]): Partial<ClaimRequest> => ({
      retried: true,
      messageId: 'm-2',
      worker,
      log: { ...EMPTY_LOG, attempts },
    });
    const kindOf = (given: SubmissionRecord, change: Partial<ClaimRequest>) =>
      claimability(given, { ...delivery, ...change }).kind;

    expect(kindOf(held, message('a', told))).toBe('continues');
    expect(kindOf(held, message('a'))).toBe('in-flight');
    expect(kindOf(held, message('a', { ...told, number: 2 }))).toBe('in-flight');
    expect(kindOf({ ...held, attempts: [{ ...begun, number: 2 }, begun] }, message('a', told))).toBe('in-flight');
    // Two deliveries of the same queue message count their attempts separately. Therefore the same number may belong to a
    // different attempt.
    expect(kindOf(held, message('a', { ...told, worker: 'c' }))).toBe('in-flight');
    expect(kindOf(held, message('c', told))).toBe('in-flight');
    expect(kindOf(held, message(undefined, told))).toBe('in-flight');
    expect(kindOf({ ...held, attempts: [told] }, message(undefined))).toBe('in-flight');
  });

  it('takes an attempt that was begun and never ended as interrupted, and names its provider', () => {
    const ended: StoredAttempt = { ...told, number: 2, provider: 'ses' };
    const claim = claimability({ ...entry, attempts: [ended, begun], done: [0] }, delivery);

    expect(claim).toMatchObject({ kind: 'continues', interrupted: new Set(['postmark']) });
    expect(logBy({ ...entry, attempts: [ended, begun], done: [0] })).toEqual({
      attempts: [ended, interrupted],
      done: [0],
      redrives: 0,
    });
  });

  it('knows the outcome that only the message has', () => {
    const log: AttemptLog = { attempts: [told], done: [0], redrives: 0 };
    const state = claimability({ ...entry, attempts: [begun] }, { ...delivery, log });

    expect(state).toMatchObject({ kind: 'continues', log, interrupted: new Set() });
    // Another worker's attempt with the same number is a different attempt.
    expect(
      logBy({ ...entry, attempts: [begun] }, { log: { ...log, attempts: [{ ...told, worker: 'c' }] } }).attempts,
    ).toHaveLength(2);
  });

  it('asks about an interrupted attempt at a provider that did not have an earlier one', () => {
    const earlier: StoredAttempt = { ...begun, number: 2, ended: 5, outcome: 'unknown', asked: 1, settled: true };
    const log: AttemptLog = { ...EMPTY_LOG, attempts: [earlier] };

    // The queue message was sent before the interrupted attempt. Therefore only the record in the table contains this attempt.
    const known = logBy({ ...entry, attempts: [earlier, begun] }, { log });
    const [unknownAttempt] = progressOf(known, ['a@x'], { onUnknown: 'ask', vendorOf: (key) => key }).unknownAttempts;
    expect(unknownAttempt).toMatchObject({ last: begun.begun, settled: false });
  });

  it('corrects an attempt that it had taken as interrupted, in whatever order the copies are read', () => {
    const knows = (...attempts: StoredAttempt[]): AttemptLog => ({ ...EMPTY_LOG, attempts });

    expect(logBy({ ...entry, attempts: [told] }, { log: knows(interrupted) })).toEqual(knows(told));
    expect(logBy({ ...entry, attempts: [interrupted] }, { log: knows(told) })).toEqual(knows(told));
  });

  it('begins again after a redrive: refusals are of an earlier one, and unknown outcomes are asked about', () => {
    const refused: StoredAttempt = { ...told, number: 1, each: 'r' };
    const lost: StoredAttempt = { ...told, number: 2, each: '?', asked: 3, settled: true };
    const { asked: _asked, settled: _settled, ...unasked } = lost;
    const dead: SubmissionRecord = { ...entry, state: 'dead', attempts: [refused, lost, begun], done: [1] };
    const again: AttemptLog = { attempts: [refused, unasked, interrupted], done: [0, 1], redrives: 1 };
    const message = { messageId: 'm-2', redriven: true, log: { ...EMPTY_LOG, done: [0] } };

    expect(logBy(dead, message)).toEqual(again);
    expect(logBy({ ...dead, state: 'open' }, message)).toEqual(again);
    expect(logBy({ ...dead, state: 'open' }).redrives).toBe(0);
  });

  it('reopens once for a redriven message that is delivered twice', () => {
    const settled: StoredAttempt = { ...told, each: '?', redrive: 1, settled: true };
    const reopened: SubmissionRecord = { ...entry, attempts: [settled], redrives: 1 };
    const known: AttemptLog = { ...EMPTY_LOG, done: [4] };

    // Only the attempt after the redrive counts. The log in the message was already added to the record when the redriven message
    // was received for the first time.
    expect(logBy(reopened, { redriven: true, log: known })).toEqual({ attempts: [settled], done: [], redrives: 1 });
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

function logBy(given: SubmissionRecord, change: Partial<ClaimRequest> = {}): AttemptLog {
  const claim = claimability(given, { ...delivery, ...change });
  if (claim.kind !== 'continues') throw new Error(`it is ${claim.kind}`);
  return claim.log;
}
