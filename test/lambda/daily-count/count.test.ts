import { describe, expect, it } from 'vitest';
import { countSubmissions, MOST_NAMED } from '../../../lambda/daily-count/count.ts';
import type { CountedRecord } from '../../../lambda/daily-count/records.ts';
import { reportCounts } from '../../../lambda/daily-count/report.ts';
import { standingOf } from '../../../lambda/submission/standing.ts';

const NOW = Date.UTC(2026, 10, 29, 12);
const HOUR = 3_600_000;

const record = (id: string, change: Partial<CountedRecord> = {}): CountedRecord => ({
  pk: `submission/${id}`,
  state: 'open',
  firstSeen: NOW - 9 * HOUR,
  ...change,
});

describe('a submission that was taken from a queue', () => {
  it.each<[string, Partial<CountedRecord>]>([
    ['accepted', { state: 'done' }],
    ['suppressed', { state: 'done', suppressed: true }],
    ['dead', { state: 'dead' }],
    ['in-flight', { lease: { owner: 'w', until: NOW + 1 }, nextTryAt: NOW - 9 * HOUR }],
    ['waiting', { lease: { owner: 'w', until: NOW - HOUR } }],
    ['lost', { lease: { owner: 'w', until: NOW - HOUR - 1 } }],
    ['waiting', { nextTryAt: NOW + HOUR }],
    ['waiting', { nextTryAt: NOW - HOUR }],
    ['lost', { nextTryAt: NOW - HOUR - 1 }],
    ['lost', {}],
  ])('is %s: %j', (standing, change) => {
    expect(standingOf(record('a', change), NOW)).toBe(standing);
  });

  it('is overdue by the time of its stack, which may be faster', () => {
    const late = record('a', { nextTryAt: NOW - 60_000 });
    expect(standingOf(late, NOW, { timeScale: 59 })).toBe('waiting');
    expect(standingOf(late, NOW, { timeScale: 61 })).toBe('lost');
    expect(standingOf(late, NOW, { timeScale: 61, timeScaleSince: NOW - 1_000 })).toBe('waiting');
  });
});

describe('the daily count', () => {
  it('counts every record once, and names the lost ones', async () => {
    const counted = await countSubmissions(
      async (onRecords) => {
        onRecords([record('a', { state: 'done' }), record('b/1', { nextTryAt: NOW - 2 * HOUR })]);
        onRecords([record('mailover-canary:ses:1')]);
        onRecords([record('c', { state: 'dead' }), record('d', { state: 'done' })]);
      },
      () => NOW,
    );

    expect(counted).toEqual({
      taken: 4,
      counts: { accepted: 2, waiting: 0, 'in-flight': 0, dead: 1, suppressed: 0, lost: 1 },
      lost: [{ id: 'b/1', dueAt: NOW - 2 * HOUR }],
    });
  });

  it('names a hundred of many', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) => record(`m-${n}`));
    const { counts, lost } = await countSubmissions(
      async (onRecords) => onRecords(many),
      () => NOW,
    );
    expect([counts.lost, lost.length]).toEqual([1_000, MOST_NAMED]);
  });

  it('fails if a part cannot be read, rather than count less', async () => {
    const failing = async () => Promise.reject(new Error('throttled'));
    await expect(countSubmissions(failing, () => NOW)).rejects.toThrow('throttled');
  });

  it('is reported with every number, also zero, and without the addresses in ids', async () => {
    const values = new Map<string, number>();
    const lines: string[] = [];
    const line = (message: string, fields: object) => void lines.push(JSON.stringify({ message, ...fields }));
    const counted = await countSubmissions(
      async (onRecords) => onRecords([record('ada@example.org/1'), record('b', { state: 'done' })]),
      () => NOW,
    );

    reportCounts(counted, {
      log: { info: line, warn: line, error: line },
      metrics: { add: (name, value, { outcome } = {}) => void values.set(`${name} ${outcome}`, value) },
    });

    expect(Object.fromEntries(values)).toEqual({
      'Submissions accepted': 1,
      'Submissions waiting': 0,
      'Submissions in-flight': 0,
      'Submissions dead': 0,
      'Submissions suppressed': 0,
      'Submissions lost': 1,
    });
    expect(lines[0]).toContain('"taken":2,"accepted":1');
    expect(lines[1]).toContain('"message":"lost","submissionId":');
    expect(lines.join()).not.toContain('@');
  });
});
