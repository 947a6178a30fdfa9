import { describe, expect, it } from 'vitest';
import type { Item } from '../../../lambda/platform/table.ts';
import { LedgerError, readRecord, SubmissionClaim, TakenError } from '../../../lambda/submission/ledger.ts';
import { NOTHING_TAKEN } from '../../../lambda/submission/lineage.ts';
import { type AttemptLog, EMPTY_LOG, type StoredAttempt } from '../../../lambda/submission/log.ts';
import type { SubmissionRecord } from '../../../lambda/submission/record.ts';
import { memoryTable } from '../../support/memory-table.ts';

const KEY = 'submission/order-1';
const NOW = 1_800_000_000_500;
const first: StoredAttempt = {
  worker: 'me',
  number: 1,
  provider: 'postmark',
  account: { type: 'postmark' },
  begun: NOW,
  each: '?',
};
const begun: AttemptLog = { ...EMPTY_LOG, attempts: [first] };
const once: AttemptLog = { ...begun, attempts: [{ ...first, each: 'a', ended: NOW, outcome: 'accepted' }], done: [0] };
const twice: AttemptLog = { ...once, attempts: [...once.attempts, { ...first, number: 2, provider: 'mailgun' }] };

describe('a claim on a submission', () => {
  it('is written with its lease when an attempt begins, and ended at its close', async () => {
    const { claim, table, entry } = given();
    expect(claim.begun).toBe(false);
    expect(claim.written).toBe(false);
    await claim.begin(begun);

    expect(claim.begun).toBe(true);
    expect(claim.written).toBe(true);
    expect(entry()).toMatchObject({
      state: 'open',
      worker: 'me',
      lease: { owner: 'me', until: NOW },
      attempts: [first],
    });
    await claim.close(once, { state: 'done' });

    expect(table.writes).toBe(2);
    expect(entry()).toMatchObject({ state: 'done', ...once });
    expect(entry()).not.toHaveProperty('lease');
    expect(entry()?.expires).toBe(1_800_000_001 + 30 * 24 * 3_600);
  });

  it('keeps the providers of a superseded submission, and nothing if there are none', async () => {
    const nobody = given();
    nobody.claim.superseded([]);
    await nobody.claim.begin(begun);
    expect(nobody.entry()).not.toHaveProperty('acceptedBefore');

    const somebody = given();
    somebody.claim.superseded(['ses']);
    await somebody.claim.begin(begun);
    await somebody.claim.close(once, { state: 'done' });
    expect(somebody.entry()).toMatchObject({ acceptedBefore: ['ses'], hash: 'h', attempts: once.attempts });
  });

  it('keeps unknown fields, and removes the reason of an end that was undone', async () => {
    const stored = { ...ENTRY, state: 'dead', reason: 'Refused', novelty: 7 } as SubmissionRecord;
    const { claim, entry } = given({ stored });

    await claim.begin(begun);

    expect(entry()).toMatchObject({ state: 'open', novelty: 7 });
    expect(entry()).not.toHaveProperty('reason');
  });

  it('goes on when its own write succeeded and only the answer is lost', async () => {
    const { claim, table, entry } = given();
    let lost = true;
    table.answerLost = () => {
      if (lost) table.items.set(KEY, { ...(table.items.get(KEY) as Item), rev: 5 });
      lost = false;
    };
    await claim.begin(begun);

    await claim.close(once, { state: 'done' });

    expect(entry()).toMatchObject({ rev: 6, state: 'done' });
  });

  it('keeps what another worker added to its record meanwhile', async () => {
    const other: StoredAttempt = {
      ...first,
      worker: 'other',
      ended: NOW - 5,
      outcome: 'unknown',
      reason: 'interrupted',
    };
    const { claim, table, entry } = given({ stored: { ...ENTRY, attempts: [other], worker: 'other' } });
    await claim.begin({ ...EMPTY_LOG, attempts: [other, first] });
    const told: StoredAttempt = { ...other, ended: NOW, each: 'a', outcome: 'accepted', reason: 'late' };
    table.items.set(KEY, { ...(entry() as SubmissionRecord), rev: 9, attempts: [told, first], done: [0] });

    await claim.begin({ ...EMPTY_LOG, attempts: [other, ...twice.attempts] });
    await claim.close({ ...EMPTY_LOG, attempts: [other, ...twice.attempts] }, { state: 'open' });

    expect(entry()).toMatchObject({ rev: 11, done: [0] });
    expect(entry()?.attempts.find(({ worker }) => worker === 'other')?.outcome).toBe('accepted');
  });

  it('writes exactly what it is told at first, also if the record knows more: a redrive forgets', async () => {
    const asked: StoredAttempt = { ...first, worker: 'other', ended: NOW, outcome: 'unknown', asked: 3, settled: true };
    const { asked: _asked, settled: _settled, ...again } = asked;
    const { claim, entry } = given({ stored: { ...ENTRY, attempts: [asked] } });

    await claim.begin({ attempts: [again], done: [], redrives: 1 });

    expect(entry()?.attempts).toEqual([again]);
  });

  it('knows that its write succeeded when a conflict shows it', async () => {
    const { claim, table } = given();
    table.items.set(KEY, { ...ENTRY, rev: 3, attempts: [first] });

    await claim.begin(begun);

    expect(claim.written).toBe(true);
  });

  it('gives way to another worker, and returns the stored record', async () => {
    const { claim, table } = given();
    table.items.set(KEY, { ...ENTRY, worker: 'other' });

    await expect(claim.begin(begun)).rejects.toMatchObject({
      name: 'TakenError',
      message: 'another worker has claimed this submission',
      current: { worker: 'other' },
    });

    expect(claim.begun).toBe(false);
  });

  it('gives way when its record is gone', async () => {
    const { claim, table } = given({ stored: ENTRY });
    table.items.delete(KEY);

    const error = await claim.begin(begun).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(TakenError);
    expect((error as TakenError).current).toBeUndefined();
  });

  it('repeats a write that conflicts with delivery events a few times, and then gives way', async () => {
    const { claim, table } = given({ stored: ENTRY });
    let beside = 4;
    const nudge = () => {
      beside -= 1;
      if (beside >= 0) table.items.set(KEY, { ...ENTRY, worker: 'me', rev: 100 + beside });
    };
    table.trouble = nudge;
    await claim.begin(begun);
    expect(table.writes).toBe(5);

    beside = 1_000;
    await expect(claim.begin(twice)).rejects.toBeInstanceOf(TakenError);
    expect(table.writes).toBe(10);
  });

  it('says that nothing may be sent when the table does not answer', async () => {
    const { claim, table } = given();
    table.behavior = 'fail';

    const error = await claim.begin(begun).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(LedgerError);
    expect(error).toMatchObject({ name: 'LedgerError', message: 'the state table does not answer' });
    expect((error as Error).cause).toMatchObject({ message: 'the table does not answer' });
    await expect(readRecord(table, 'order-1')).rejects.toBeInstanceOf(LedgerError);
  });

  it('tries three times to record the end', async () => {
    const { claim, table, slept, entry } = given();
    await claim.begin(begun);
    let failures = 2;
    table.trouble = () => {
      failures -= 1;
      if (failures >= 0) throw new Error('throttled');
    };
    await claim.close(once, { state: 'done' });
    expect(entry()?.state).toBe('done');
    expect(slept).toEqual([200, 200]);

    failures = 3;
    await expect(claim.close(once, { state: 'done' })).rejects.toBeInstanceOf(LedgerError);
    expect(slept).toEqual([200, 200, 200, 200]);
  });

  it('adds its outcomes to the record of the worker that took over', async () => {
    const { claim, table, entry } = given();
    await claim.begin(begun);
    const interrupted = { ...first, ended: NOW, outcome: 'unknown', reason: 'interrupted' };
    table.items.set(KEY, { ...ENTRY, rev: 9, worker: 'other', attempts: [interrupted] });

    const error = await claim.close(once, { state: 'done' }).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(TakenError);
    expect((error as TakenError).current).toMatchObject({ rev: 10, done: [0] });
    expect(entry()).toMatchObject({ worker: 'other', state: 'open', attempts: [{ number: 1, outcome: 'accepted' }] });
  });

  it('adds nothing if it did nothing', async () => {
    const { claim, table } = given({ stored: ENTRY });
    table.items.set(KEY, { ...ENTRY, rev: 9, worker: 'other' });

    await expect(claim.close(once, { state: 'open' })).rejects.toMatchObject({ current: { rev: 9 } });

    expect(table.items.get(KEY)?.rev).toBe(9);
  });

  it('adds its outcomes although others write at the same time, but not without end', async () => {
    const close = async (besides: number) => {
      const { claim, table, entry } = given();
      await claim.begin(begun);
      const before = table.writes;
      let rev = 50;
      let left = besides;
      table.trouble = () => {
        left -= 1;
        rev += 1;
        if (left >= 0) table.items.set(KEY, { ...ENTRY, rev, worker: 'other', attempts: [first] });
      };
      const error = await claim.close(once, { state: 'done' }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TakenError);
      return { writes: table.writes - before, outcome: entry()?.attempts[0]?.outcome };
    };

    expect(await close(1)).toEqual({ writes: 2, outcome: 'accepted' });
    expect(await close(5)).toEqual({ writes: 6, outcome: 'accepted' });
    expect(await close(1_000)).toEqual({ writes: 6, outcome: undefined });
  });

  it('stops adding when the record is gone', async () => {
    const { claim, table } = given();
    await claim.begin(begun);
    let calls = 0;
    table.trouble = () => {
      calls += 1;
      if (calls === 1) table.items.set(KEY, { ...ENTRY, rev: 9, worker: 'other' });
      else table.items.delete(KEY);
    };

    const error = await claim.close(once, { state: 'done' }).catch((reason: unknown) => reason);

    expect((error as TakenError).current).toBeUndefined();
    expect(calls).toBe(2);
  });
});

const ENTRY: SubmissionRecord = {
  pk: KEY,
  rev: 1,
  hash: 'h',
  origin: 'm-1',
  firstSeen: 1,
  state: 'open',
  worker: 'me',
  lineage: NOTHING_TAKEN,
  ...EMPTY_LOG,
};

function given({ stored }: { stored?: SubmissionRecord } = {}) {
  const table = memoryTable();
  const slept: number[] = [];
  if (stored) table.items.set(KEY, stored);
  const claim = new SubmissionClaim({
    table,
    clock: {
      now: () => NOW,
      sleep: async (ms) => {
        slept.push(ms);
      },
    },
    submissionId: 'order-1',
    lease: { owner: 'me', until: NOW },
    stored,
    known: {
      hash: 'h',
      origin: 'm-1',
      firstSeen: 1,
      lineage: NOTHING_TAKEN,
    },
  });
  return { claim, table, slept, entry: () => table.items.get(KEY) as SubmissionRecord | undefined };
}
