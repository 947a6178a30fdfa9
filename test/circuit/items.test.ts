import { describe, expect, it } from 'vitest';
import type { Circuit } from '../../lambda/circuit/circuit.ts';
import { UNTRIED } from '../../lambda/circuit/circuit.ts';
import {
  circuitItem,
  circuitKey,
  readIsolation,
  readRecord,
  switchItem,
  switchKey,
} from '../../lambda/circuit/items.ts';
import type { Item } from '../../lambda/platform/table.ts';

const NOW = 1_800_000_000_500;
const MONTH_S = 30 * 24 * 3_600;
const item = (fields: Record<string, unknown>): Item => ({ pk: 'circuit/ses', rev: 4, ...fields });
const read = (state: unknown): Circuit => readRecord(item({ state })).circuit;

describe('a circuit item', () => {
  it('lies under the key of its provider', () => {
    expect([circuitKey('ses'), switchKey('ses')]).toEqual(['circuit/ses', 'switch/ses']);
  });

  it('keeps what it does not know, and goes a month after the last write', () => {
    const hold = { since: 1, until: 2, unnamed: 3 };

    expect(circuitItem('ses', item({ novelty: 7 }), { circuit: UNTRIED, hold }, NOW)).toEqual({
      pk: 'circuit/ses',
      rev: 4,
      novelty: 7,
      state: UNTRIED,
      hold,
      expires: 1_800_000_001 + MONTH_S,
    });
  });

  it('reads as closed if there is none, and tells of no hold', () => {
    expect(readRecord(undefined)).toEqual({ circuit: UNTRIED });
    expect(Object.keys(readRecord(item({ state: UNTRIED })))).toEqual(['circuit']);
  });

  it.each<[string, Circuit]>([
    ['closed', { kind: 'closed', since: 1, trips: 2, window: [{ at: 1, attempts: 2, failures: 3 }] }],
    ['doubted', { kind: 'closed', since: 1, trips: 2, window: [], doubt: { by: 'a', until: 5 } }],
    ['open', { kind: 'open', since: 1, trips: 2, until: 3, cause: { blames: 'account', reason: 'suspended' } }],
    ['half-open', { kind: 'half-open', since: 1, trips: 2, cause: { blames: 'outage', reason: 'dns' } }],
    [
      'probing',
      {
        kind: 'half-open',
        since: 1,
        trips: 2,
        cause: { blames: 'outage', reason: 'dns' },
        probe: { by: 'a', until: 5 },
      },
    ],
  ])('reads a circuit that is %s as it was', (_, circuit) => {
    expect(read(circuit)).toEqual(circuit);
    expect(read({ ...circuit, since: 'x' })).toBe(UNTRIED);
    expect(read({ ...circuit, trips: 'x' })).toBe(UNTRIED);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'open'],
    ['a kind that a newer release has', { kind: 'ajar', since: 1, trips: 2 }],
    ['an opening without an end', { kind: 'open', since: 1, trips: 2, until: 'x' }],
  ])('reads %s as closed', (_, state) => {
    expect(read(state)).toBe(UNTRIED);
  });

  it('leaves out what it cannot read', () => {
    const good = { at: 1, attempts: 2, failures: 3 };
    const buckets = [good, { ...good, at: 'x' }, { ...good, attempts: 'x' }, { ...good, failures: 'x' }, null, 7];
    expect(read({ kind: 'closed', since: 1, trips: 2, window: buckets })).toMatchObject({ window: [good] });
    expect(read({ kind: 'closed', since: 1, trips: 2, window: 'x' })).toEqual({
      kind: 'closed',
      since: 1,
      trips: 2,
      window: [],
    });
    for (const doubt of [{ by: 1, until: 5 }, { by: 'a', until: 'x' }, { by: 1, until: 'x' }, null])
      expect(read({ kind: 'closed', since: 1, trips: 2, window: [], doubt })).not.toHaveProperty('doubt');
    const halfOpen = (cause: unknown) => read({ kind: 'half-open', since: 1, trips: 2, cause });
    expect(halfOpen(undefined)).toMatchObject({ cause: { blames: 'outage', reason: '' } });
    expect(halfOpen({ blames: 'nobody', reason: 'dns' })).toMatchObject({ cause: { blames: 'outage', reason: 'dns' } });
  });

  it('reads a hold, and none that is not whole', () => {
    const held = (hold: unknown) => readRecord(item({ state: UNTRIED, hold })).hold;

    expect(held({ since: 1, until: 2, unnamed: 3 })).toEqual({ since: 1, until: 2, unnamed: 3 });
    expect(held({ since: 1, until: 2, unnamed: 'x' })).toEqual({ since: 1, until: 2, unnamed: 0 });
    expect(held({ since: 'x', until: 2 })).toBeUndefined();
    expect(held({ since: 1, until: 'x' })).toBeUndefined();
  });
});

describe('a switch item', () => {
  const isolation = { since: 1, until: NOW, reason: 'blocklisted', who: 'Kim' };

  it('is read as it was written, and outlasts its end by a month', () => {
    const written = switchItem('ses', item({ novelty: 7 }), isolation);

    expect(written).toEqual({
      pk: 'switch/ses',
      rev: 4,
      novelty: 7,
      ...isolation,
      expires: 1_800_000_001 + MONTH_S,
    });
    expect(readIsolation({ ...written, rev: 5 })).toEqual(isolation);
  });

  it('says nothing without a begin and an end', () => {
    expect(readIsolation(undefined)).toBeUndefined();
    expect(readIsolation(item({ ...isolation, since: 'x' }))).toBeUndefined();
    expect(readIsolation(item({ ...isolation, until: 'x' }))).toBeUndefined();
    expect(readIsolation(item({ since: 1, until: 2 }))).toEqual({ since: 1, until: 2, reason: '', who: '' });
  });
});
