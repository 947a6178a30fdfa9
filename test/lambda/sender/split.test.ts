import { expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import { route } from '../../../lambda/routing/route.ts';
import { facts } from '../routing/given-facts.ts';

const postmark: ProviderConfig = { key: 'postmark', type: 'postmark', options: {} };
const mailgun: ProviderConfig = { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' } };
const ses: ProviderConfig = { key: 'ses', type: 'ses', options: { identities: ['example.com'] } };
const mta: ProviderConfig = { key: 'mta', type: 'smtp', options: { host: 'mx.example.com' }, share: 0.01 };
const ids = Array.from({ length: 100_000 }, (_, n) => `order-${n}`);

// One test covers a share, three weights and a class of mail together, since 100,000 draws take long. With this number of draws,
// the standard deviation of a fair half is 0.16 percentage points. The ids are a sample that stays within 0.2 points.
it('mail is split by share and weight within 0.2 percentage points, whatever its class is', { timeout: 90_000 }, () => {
  const providers = [
    { ...postmark, priority: 1, weight: 50 },
    { ...mailgun, priority: 1, weight: 30 },
    { ...ses, priority: 1, weight: 20 },
    { ...mta, priority: 0, classes: ['receipts'] },
  ];
  const ordersOf = (name?: string) =>
    ids.map((id) => route(id, providers, definitions, facts, { class: name }).order.map(({ key }) => key));
  const fraction = (orders: string[][], key: string, place = 0) =>
    orders.filter((order) => order[place] === key).length / orders.length;
  const near = (given: number, wanted: number) => expect(Math.abs(given - wanted)).toBeLessThan(0.002);

  const receipts = ordersOf('receipts');
  near(fraction(receipts, 'mta'), 0.01);
  near(fraction(receipts, 'postmark'), 0.99 * 0.5);
  near(fraction(receipts, 'mailgun'), 0.99 * 0.3);
  near(fraction(receipts, 'ses'), 0.99 * 0.2);
  const others = ordersOf('news');
  near(fraction(others, 'mta'), 0);
  near(fraction(others, 'postmark'), 0.5);
  near(fraction(others, 'ses'), 0.2);
  // The second place in the order is drawn by the weights of the remaining providers, since no provider is drawn twice.
  near(fraction(others, 'postmark', 1), 0.3 * (0.5 / 0.7) + 0.2 * (0.5 / 0.8));
  near(fraction(others, 'mailgun', 1), 0.5 * (0.3 / 0.5) + 0.2 * (0.3 / 0.8));
  expect(others.every((order) => new Set(order).size === 3)).toBe(true);
});
