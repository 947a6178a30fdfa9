import { describe, expect, it } from 'vitest';
import { UNTRIED } from '../../../lambda/circuit/circuit.ts';
import { isIsolated } from '../../../lambda/circuit/isolation.ts';
import { circuitItem, readCircuitItem, readIsolation, switchItem } from '../../../lambda/circuit/items.ts';
import { providerHealth } from '../../../lambda/circuit/provider-health.ts';

const NOW = 1_800_000_000_000;
const DAYS_30 = 30 * 86_400;

const read = (fields: object) => readCircuitItem({ pk: 'circuit/postmark', rev: 1, ...fields });

describe('a circuit item', () => {
  it('that does not exist reads as a provider that was never tried', () => {
    expect(readCircuitItem(undefined)).toEqual({ circuit: UNTRIED });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'open'],
    ['another kind', { kind: 'ajar', since: 1, trips: 1 }],
    ['no beginning', { kind: 'open', trips: 1, until: 5 }],
    ['no trips', { kind: 'open', since: 1, until: 5 }],
    ['no end', { kind: 'open', since: 1, trips: 1, until: 'soon' }],
  ])('with %s for a state reads as closed', (_, state) => {
    expect(read({ state })).toEqual({ circuit: UNTRIED });
  });

  it('keeps the readable parts of a closed circuit', () => {
    const good = { at: 1, attempts: 2, failures: 1 };
    const window = [good, { at: 1, attempts: 2 }, { at: 1, failures: 2 }, { attempts: 2, failures: 1 }, null, 7];

    expect(read({ state: { kind: 'closed', since: 3, trips: 2, window } }).circuit).toEqual({
      kind: 'closed',
      since: 3,
      trips: 2,
      window: [good],
    });
    expect(read({ state: { kind: 'closed', since: 3, trips: 2 } }).circuit).toMatchObject({ window: [] });
    expect(
      read({ state: { kind: 'closed', since: 3, trips: 2, slowProbe: { by: 'a', until: 4 } } }).circuit,
    ).toMatchObject({
      slowProbe: { by: 'a', until: 4 },
    });
  });

  it('blames an outage without a readable cause', () => {
    expect(read({ state: { kind: 'open', since: 1, trips: 1, until: 5 } }).circuit).toMatchObject({
      cause: { blames: 'outage', reason: '' },
    });
    const cause = { blames: 'account', reason: 'suspended' };
    expect(read({ state: { kind: 'open', since: 1, trips: 1, until: 5, cause } }).circuit).toMatchObject({ cause });
  });

  it('has a probe only with its worker and its end', () => {
    const probe = (value: unknown) => read({ state: { kind: 'half-open', since: 1, trips: 1, probe: value } }).circuit;

    expect(probe({ by: 'a', until: 4 })).toMatchObject({ probe: { by: 'a', until: 4 } });
    for (const bad of [undefined, { by: 'a' }, { until: 4 }, { by: 4, until: 4 }, { by: 'a', until: 'b' }])
      expect(probe(bad)).not.toHaveProperty('probe');
  });

  it('holds only with a beginning and an end', () => {
    expect(read({ hold: { since: 1, until: 2, unnamed: 3 } }).hold).toEqual({ since: 1, until: 2, unnamed: 3 });
    expect(read({ hold: { since: 1, until: 2 } }).hold).toEqual({ since: 1, until: 2, unnamed: 0 });
    for (const bad of [{ since: 1 }, { until: 2 }, { since: '1', until: 2 }, 'x', null])
      expect(read({ hold: bad })).not.toHaveProperty('hold');
  });

  it('keeps unknown fields when it is written, and expires thirty days after the last write', () => {
    const hold = { since: 1, until: 2, unnamed: 0 };
    const item = circuitItem('postmark', { pk: 'x', rev: 4, newer: 'kept' }, { circuit: UNTRIED, hold }, NOW);

    expect(item).toMatchObject({ pk: 'circuit/postmark', newer: 'kept', state: UNTRIED, hold });
    expect(item.expires).toBe(NOW / 1_000 + DAYS_30);
  });
});

describe('a switch item', () => {
  const isolation = { since: NOW, until: NOW + 1_000, reason: 'blocklisted', who: 'ada' };

  it('reads back as it was written, and is kept for thirty days after its end', () => {
    const item = switchItem('postmark', { pk: 'x', rev: 1, newer: 'kept' }, isolation);

    expect(item).toMatchObject({ pk: 'switch/postmark', newer: 'kept' });
    expect(item.expires).toBe(NOW / 1_000 + 1 + DAYS_30);
    expect(readIsolation({ ...item, rev: 2 })).toEqual(isolation);
  });

  it('without a beginning or an end isolates no provider', () => {
    const item = { pk: 'switch/postmark', rev: 1 };

    expect(readIsolation(undefined)).toBeUndefined();
    expect(readIsolation({ ...item, since: 1 })).toBeUndefined();
    expect(readIsolation({ ...item, until: 1 })).toBeUndefined();
    expect(readIsolation({ ...item, since: 1, until: 2 })).toEqual({ since: 1, until: 2, reason: '', who: '' });
  });

  it('isolates until its end, and not at it', () => {
    expect(isIsolated(isolation, NOW + 999)).toBe(true);
    expect(isIsolated(isolation, NOW + 1_000)).toBe(false);
    expect(isIsolated(undefined, NOW)).toBe(false);
  });
});

describe('a reason', () => {
  it('is passed on with the health that it means, and the worst of several outcomes decides', () => {
    const outage = { kind: 'unavailable', blames: 'outage', reason: 'dns' } as const;
    const account = { kind: 'unavailable', blames: 'account', reason: 'account-suspended' } as const;
    const throttled = { kind: 'throttled', of: 'provider', reason: 'rate-limit', retryAfterMs: 7 } as const;

    expect(providerHealth([throttled])).toEqual({ kind: 'throttled', retryAfterMs: 7 });
    expect(providerHealth([{ kind: 'throttled', of: 'provider', reason: 'rate-limit' }])).toEqual({
      kind: 'throttled',
    });
    expect(providerHealth([throttled, outage])).toEqual({ kind: 'failed', reason: 'dns' });
    expect(providerHealth([throttled, outage, account])).toEqual({
      kind: 'account-refused',
      reason: 'account-suspended',
    });
    expect(providerHealth([{ kind: 'unknown', reason: 'no-answer' }])).toEqual({ kind: 'failed', reason: 'no-answer' });
    expect(providerHealth([])).toEqual({ kind: 'unasked' });
  });
});
