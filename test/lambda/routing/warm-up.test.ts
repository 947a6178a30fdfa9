import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import { route } from '../../../lambda/routing/route.ts';
import { sharesAt } from '../../../lambda/routing/warm-up.ts';
import { facts } from './given-facts.ts';

const own: ProviderConfig = {
  key: 'own',
  type: 'smtp',
  share: 0.1,
  warmUp: { start: '2026-12-01', from: 0.001, days: 20 },
  options: { host: 'mta.example.com' },
};
const warm: ProviderConfig = { key: 'warm', type: 'smtp', share: 0.2, options: { host: 'mta.example.net' } };
const postmark: ProviderConfig = { key: 'postmark', type: 'postmark', options: {} };
const shares = (time: string) => sharesAt([postmark, own, warm], Date.parse(time)).map(({ share }) => share);

describe('the share of a provider that warms up', () => {
  it.each([
    ['before it starts', '2026-11-30T23:59:59.999Z', 0],
    ['when it starts', '2026-12-01T00:00:00Z', 0.001],
    ['until the first day is over', '2026-12-01T23:59:59.999Z', 0.001],
    ['half way', '2026-12-11T12:00:00Z', 0.01],
    ['at the end', '2026-12-21T00:00:00Z', 0.1],
    ['a year later', '2027-12-21T00:00:00Z', 0.1],
  ])('is right %s, and other providers keep theirs', (_, time, share) => {
    const [nobody, growing, fixed] = shares(time);

    expect(growing).toBeCloseTo(share, 12);
    expect([nobody, fixed]).toEqual([undefined, 0.2]);
  });

  it('grows by the same factor every day', () => {
    const days = Array.from(
      { length: 21 },
      (_, n) => shares(new Date(Date.UTC(2026, 11, 1 + n)).toISOString())[1] ?? 0,
    );

    for (const [n, share] of days.slice(1).entries()) expect(share / (days[n] ?? 0)).toBeCloseTo(100 ** (1 / 20), 9);
  });

  it('changes nothing for a provider without a share to grow to', () => {
    const { share: _, ...shareless } = own;
    const list = [postmark, shareless, own];

    const [first, second, third] = sharesAt(list, Date.parse('2026-12-11T00:00:00Z'));

    expect([first, second]).toEqual([postmark, shareless]);
    expect(first).toBe(postmark);
    expect(second).toBe(shareless);
    expect(third).toEqual({ ...own, share: expect.closeTo(0.01, 12) });
  });

  it('leaves a list unchanged in which no provider warms up', () => {
    const list = [postmark, warm];

    expect(sharesAt(list, 0)).toBe(list);
  });

  it('gets no more than its share while the other providers work, even if it is the first of the list', () => {
    const providers = [own, postmark, warm];
    const firsts = (time: string) => {
      const shared = sharesAt(providers, Date.parse(time));
      const orders = Array.from({ length: 2_000 }, (_, n) => route(`order-${n}`, shared, definitions, facts).order);
      expect(orders.every((order) => order.length === 3)).toBe(true);
      return orders.filter(([first]) => first?.key === 'own').length / orders.length;
    };

    expect(firsts('2026-11-30T00:00:00Z')).toBe(0);
    expect(firsts('2026-12-15T00:00:00Z')).toBeCloseTo(0.001 * 100 ** (14 / 20), 1);
    expect(firsts('2026-12-15T00:00:00Z')).toBeLessThan(0.05);
    // After the warm-up, the configured order applies again.
    expect(firsts('2026-12-21T00:00:00Z')).toBeGreaterThan(0.7);
  });
});
