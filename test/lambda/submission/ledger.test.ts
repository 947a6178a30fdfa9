import { describe, expect, it } from 'vitest';
import type { Item } from '../../../lambda/platform/table.ts';
import { type Carried, NOTHING_CARRIED } from '../../../lambda/submission/carried.ts';
import { LedgerError, readRecord, SubmissionClaim, TakenError } from '../../../lambda/submission/ledger.ts';
import { NOTHING_TAKEN } from '../../../lambda/submission/lineage.ts';
import type { StoredAttempt, SubmissionRecord } from '../../../lambda/submission/record.ts';
import { memoryTable } from '../../support/memory-table.ts';

const KEY = 'submission/order-1';
const NOW = 1_800_000_000_500;
const first: StoredAttempt = { number: 1, provider: 'postmark', account: { type: 'postmark' }, begun: NOW };
const second: StoredAttempt = { number: 2, provider: 'mailgun', account: { type: 'mailgun' }, begun: NOW };
const once: Carried = { attempts: 1, done: [0], history: [] };

describe('a claim on a submission', () => {
  it('is written with its lease when an attempt begins, and ended at its close', async () => {
    const { claim, table, entry } = given();
    expect(claim.begun).toBe(false);
    expect(claim.lastProvider).toBeUndefined();

    expect(claim.written).toBe(false);
    await claim.begin(first, NOTHING_CARRIED);

    expect(claim.begun).toBe(true);
    expect(claim.written).toBe(true);
    expect(claim.lastProvider).toBe('postmark');
    expect(entry()).toMatchObject({
      state: 'open',
      worker: 'me',
      lease: { owner: 'me', until: NOW },
      attempts: [first],
    });
    claim.end(1, { ended: NOW, outcome: 'accepted' });
    await claim.close(once, { state: 'done' });

    expect(table.writes).toBe(2);
    expect(entry()).toMatchObject({ state: 'done', carried: once, attempts: [{ ...first, outcome: 'accepted' }] });
    expect(entry()).not.toHaveProperty('lease');
    expect(entry()?.expires).toBe(1_800_000_001 + 30 * 24 * 3_600);
  });

  it('adds an outcome to the attempt that it belongs to', async () => {
    const { claim, entry } = given();
    await claim.begin(first, NOTHING_CARRIED);
    claim.end(1, { ended: NOW, outcome: 'unavailable' });
    await claim.begin(second, once);
    claim.end(2, { ended: NOW, outcome: 'accepted' });
    await claim.close(once, { state: 'done' });

    expect(claim.lastProvider).toBe('mailgun');
    expect(entry()?.attempts.map(({ outcome }) => outcome)).toEqual(['unavailable', 'accepted']);
  });

  it('keeps the newest attempts of very many', async () => {
    const { claim, entry } = given();
    for (let number = 1; number <= 52; number += 1) await claim.begin({ ...first, number }, NOTHING_CARRIED);

    expect(entry()?.attempts.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, n) => n + 3));
  });

  it('keeps the providers of a superseded submission, and nothing if there are none', async () => {
    const nobody = given();
    nobody.claim.superseded([]);
    await nobody.claim.begin(first, NOTHING_CARRIED);
    expect(nobody.entry()).not.toHaveProperty('had');

    const somebody = given();
    somebody.claim.superseded(['ses']);
    await somebody.claim.begin(first, NOTHING_CARRIED);
    await somebody.claim.close(once, { state: 'done' });
    expect(somebody.entry()).toMatchObject({ had: ['ses'], hash: 'h', attempts: [first] });
  });

  it('marks as found only the unknown attempts of the provider', async () => {
    const attempts: StoredAttempt[] = [
      { ...first, outcome: 'unknown' },
      { ...first, number: 2, outcome: 'unavailable' },
      { ...second, number: 3, outcome: 'unknown' },
    ];
    const { claim, entry } = given({ known: { attempts } });

    claim.found('postmark', 'pm-1');
    await claim.close(once, { state: 'done' });

    expect(entry()?.attempts).toEqual([
      { ...attempts[0], outcome: 'accepted', reason: 'found', providerMessageId: 'pm-1' },
      attempts[1],
      attempts[2],
    ]);
  });

  it('keeps unknown fields, and removes the reason of an end that was undone', async () => {
    const stored = { ...ENTRY, state: 'dead', reason: 'Refused', novelty: 7 } as SubmissionRecord;
    const { claim, entry } = given({ stored });

    await claim.begin(first, NOTHING_CARRIED);

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
    await claim.begin(first, NOTHING_CARRIED);

    await claim.close(once, { state: 'done' });

    expect(entry()).toMatchObject({ rev: 6, state: 'done' });
  });

  it('gives way to another worker, and returns the stored record', async () => {
    const { claim, table } = given();
    table.items.set(KEY, { ...ENTRY, worker: 'other' });

    await expect(claim.begin(first, NOTHING_CARRIED)).rejects.toMatchObject({
      name: 'TakenError',
      message: 'another worker has claimed this submission',
      current: { worker: 'other' },
    });

    expect(claim.begun).toBe(false);
  });

  it('gives way when its record is gone', async () => {
    const { claim, table } = given({ stored: ENTRY });
    table.items.delete(KEY);

    const error = await claim.begin(first, NOTHING_CARRIED).catch((reason: unknown) => reason);

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
    await claim.begin(first, NOTHING_CARRIED);
    expect(table.writes).toBe(5);

    beside = 1_000;
    await expect(claim.begin(second, NOTHING_CARRIED)).rejects.toBeInstanceOf(TakenError);
    expect(table.writes).toBe(10);
  });

  it('says that nothing may be sent when the table does not answer', async () => {
    const { claim, table } = given();
    table.mood = 'fail';

    const error = await claim.begin(first, NOTHING_CARRIED).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(LedgerError);
    expect(error).toMatchObject({ name: 'LedgerError', message: 'the state table does not answer' });
    expect((error as Error).cause).toMatchObject({ message: 'the table does not answer' });
    await expect(readRecord(table, 'order-1')).rejects.toBeInstanceOf(LedgerError);
  });

  it('tries three times to record the end', async () => {
    const { claim, table, slept, entry } = given();
    await claim.begin(first, NOTHING_CARRIED);
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
    await claim.begin(first, NOTHING_CARRIED);
    claim.end(1, { ended: NOW, outcome: 'accepted' });
    const interrupted = { ...first, ended: NOW, outcome: 'unknown', reason: 'interrupted' };
    table.items.set(KEY, { ...ENTRY, rev: 9, worker: 'other', attempts: [interrupted] });

    const error = await claim.close(once, { state: 'done' }).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(TakenError);
    expect((error as TakenError).current).toMatchObject({ rev: 10, carried: { done: [0] } });
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
      await claim.begin(first, NOTHING_CARRIED);
      claim.end(1, { ended: NOW, outcome: 'accepted' });
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
    await claim.begin(first, NOTHING_CARRIED);
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
  attempts: [],
  carried: NOTHING_CARRIED,
};

function given({ stored, known = {} }: { stored?: SubmissionRecord; known?: Partial<SubmissionRecord> } = {}) {
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
      attempts: [],
      carried: NOTHING_CARRIED,
      ...known,
    },
  });
  return { claim, table, slept, entry: () => table.items.get(KEY) as SubmissionRecord | undefined };
}
