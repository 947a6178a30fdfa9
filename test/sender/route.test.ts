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

describe('route', () => {
  it('keeps the order of the list', () => {
    expect(keys('order-1', all)).toEqual(['postmark', 'mailgun', 'ses', 'mta']);
  });

  it('gives a share its fraction of the mail first and the same way each time', () => {
    const ids = Array.from({ length: 100_000 }, (_, n) => `id-${n}`);

    const first = ids.filter((id) => keys(id, all)[0] === 'mta');

    expect(first.length / ids.length).toBeGreaterThan(0.008);
    expect(first.length / ids.length).toBeLessThan(0.012);
    expect(keys(first[0] as string, all)).toEqual(['mta', 'postmark', 'mailgun', 'ses']);
  });

  it('splits equal priorities by weight within 0.2 percentage points', () => {
    const providers = [
      { ...postmark, priority: 1, weight: 70 },
      { ...mailgun, priority: 1, weight: 30 },
      { ...ses, priority: 2, weight: 1 },
    ];
    const ids = Array.from({ length: 100_000 }, (_, n) => `id-${n}`);

    const orders = ids.map((id) => keys(id, providers));

    expect(orders.every(([first]) => first === 'ses')).toBe(true);
    expect(Math.abs(orders.filter((order) => order[1] === 'postmark').length / ids.length - 0.7)).toBeLessThan(0.002);
  });

  it('lets a submission name its providers and their order', () => {
    expect(keys('x', all, { only: ['ses', 'postmark'] })).toEqual(['ses', 'postmark']);
    expect(keys('x', all, { except: ['postmark'] })).toEqual(['mailgun', 'ses', 'mta']);
  });

  it('puts a provider that lost an answer last', () => {
    const { order } = route('x', all, definitions, facts, {}, new Set(['postmark']));

    expect(order.map(({ key }) => key)).toEqual(['mailgun', 'ses', 'mta', 'postmark']);
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
