import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { definitions } from '../../lambda/providers/registry.ts';
import type { MessageFacts } from '../../lambda/sender/ability.ts';
import { route } from '../../lambda/sender/route.ts';

const facts: MessageFacts = {
  bytes: 1_000,
  bodyBytes: 100,
  recipients: 1,
  visibleRecipients: 1,
  fromAddress: 'a@example.com',
  smtpUtf8: false,
  quotedLocalPart: false,
  extensions: [],
};
const postmark: ProviderConfig = { key: 'postmark', type: 'postmark', options: {} };
const mailgun: ProviderConfig = { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' } };
const ses: ProviderConfig = { key: 'ses', type: 'ses', options: { identities: ['example.com'] } };
const mta: ProviderConfig = { key: 'mta', type: 'smtp', options: { host: 'mx.example.com' }, share: 0.01 };
const all = [postmark, mailgun, ses, mta];
const ids = Array.from({ length: 100_000 }, (_, n) => `order-${n}`);

describe('route', () => {
  it('keeps the order of the list', () => {
    expect(keys('order-1', all)).toEqual(['postmark', 'mailgun', 'ses', 'mta']);
  });

  it('takes the same way each time', () => {
    for (const id of ids.slice(0, 100)) expect(keys(id, all)).toEqual(keys(id, all));
    const id = ids.find((one) => keys(one, all)[0] === 'mta') ?? '';

    expect(keys(id, all)).toEqual(['mta', 'postmark', 'mailgun', 'ses']);
  });

  // A share, three weights and a class at once, since 100,000 draws take their time. The standard deviation of a fair half
  // is 0.16 points over so many: the ids are one sample of those that stay within 0.2.
  it('splits by share and weight within 0.2 percentage points, whatever the class', { timeout: 90_000 }, () => {
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
    // Without replacement: the second place goes by the weights that are left.
    near(fraction(others, 'postmark', 1), 0.3 * (0.5 / 0.7) + 0.2 * (0.5 / 0.8));
    near(fraction(others, 'mailgun', 1), 0.5 * (0.3 / 0.5) + 0.2 * (0.3 / 0.8));
    expect(others.every((order) => new Set(order).size === 3)).toBe(true);
  });

  it('lets a submission name its providers and their order', () => {
    expect(keys('x', all, { only: ['ses', 'postmark'] })).toEqual(['ses', 'postmark']);
    expect(keys('x', all, { except: ['postmark'] })).toEqual(['mailgun', 'ses', 'mta']);
    expect(route('x', all, definitions, facts, { only: ['ses', 'mta'], except: ['mta'] })).toMatchObject({
      order: [{ key: 'ses' }],
      skipped: [{ key: 'mta', kind: 'unwanted', reason: 'excluded by the submission' }],
    });
  });

  it('asks a provider without weight only after those of its priority, and before a lower one', () => {
    const providers = [
      { ...postmark, priority: 1, weight: 0 },
      { ...mailgun, priority: 1, weight: 1 },
      { ...ses, priority: 0 },
    ];

    expect(ids.slice(0, 1_000).every((id) => keys(id, providers).join() === 'mailgun,postmark,ses')).toBe(true);
  });

  it('lets a provider carry its classes only', () => {
    const providers = [{ ...mta, share: 1, classes: ['receipts', 'news'] }, ses];
    const skippedFor = (name?: string) => route('x', providers, definitions, facts, { class: name }).skipped;

    expect(skippedFor('news')).toEqual([]);
    expect(skippedFor('login-codes')).toEqual([{ key: 'mta', kind: 'unwanted', reason: 'does not carry this class' }]);
    expect(skippedFor()).toEqual([{ key: 'mta', kind: 'unwanted', reason: 'carries no submission without a class' }]);
  });

  it('puts providers that had their chance last, in the order in which they had it', () => {
    const order = (last: string[], preference = {}) =>
      route('x', all, definitions, facts, preference, last).order.map(({ key }) => key);

    expect(order(['postmark'])).toEqual(['mailgun', 'ses', 'mta', 'postmark']);
    expect(order(['ses', 'postmark', 'elsewhere'])).toEqual(['mailgun', 'mta', 'ses', 'postmark']);
    expect(order(['mailgun'], { only: ['mailgun', 'ses'] })).toEqual(['ses', 'mailgun']);
    expect(order(['mta', 'ses', 'mailgun', 'postmark'])).toEqual(['mta', 'ses', 'mailgun', 'postmark']);
  });

  it.each<[string, Partial<MessageFacts>, string[]]>([
    ['11 MB', { bytes: 11_000_000 }, ['mailgun', 'ses', 'mta']],
    ['30 MB', { bytes: 30_000_000 }, ['ses']],
    ['60 recipients', { recipients: 60, visibleRecipients: 60 }, ['mailgun', 'mta']],
    ['an .exe', { extensions: ['exe'] }, ['mailgun', 'mta']],
    ['a From that SES does not know', { fromAddress: 'a@elsewhere.test' }, ['postmark', 'mailgun', 'mta']],
    ['a From below an identity', { fromAddress: 'a@sub.example.com' }, ['postmark', 'mailgun', 'ses', 'mta']],
    ['several Bcc alone', { recipients: 2, visibleRecipients: 0 }, ['mailgun', 'ses', 'mta']],
  ])('skips who cannot carry %s', (_, change, able) => {
    const { order } = route('x', all, definitions, { ...facts, ...change });

    expect(order.map(({ key }) => key)).toEqual(able);
  });

  it('leaves out providers that only receive', () => {
    expect(keys('x', [{ ...postmark, outbound: false }, ses])).toEqual(['ses']);
  });
});

function keys(id: string, providers: readonly ProviderConfig[], preference = {}): string[] {
  return route(id, providers, definitions, facts, preference).order.map(({ key }) => key);
}
