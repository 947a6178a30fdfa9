import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import type { Message } from '../../../lambda/mail/message.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import { factsOf, type MessageFacts } from '../../../lambda/routing/ability.ts';
import { favourite, ranking, route, uncarried } from '../../../lambda/routing/route.ts';
import { attemptOf } from '../providers/attempt.ts';
import { facts } from './given-facts.ts';

const postmark: ProviderConfig = { key: 'postmark', type: 'postmark', options: {} };
const mailgun: ProviderConfig = { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' } };
const ses: ProviderConfig = { key: 'ses', type: 'ses', options: { identities: ['example.com'] } };
const mta: ProviderConfig = { key: 'mta', type: 'smtp', options: { host: 'mx.example.com' }, share: 0.01 };
const sendgrid: ProviderConfig = { key: 'sendgrid', type: 'sendgrid', options: {} };
const all = [postmark, mailgun, ses, mta];
const MESSAGE: Message = attemptOf().message;
const FILE = { filename: 'a b.pdf', contentType: 'application/pdf', content: Buffer.from('x') };
const ids = Array.from({ length: 1_000 }, (_, n) => `order-${n}`);

describe('route', () => {
  it('keeps the order of the list', () => {
    expect(keys('order-1', all)).toEqual(['postmark', 'mailgun', 'ses', 'mta']);
  });

  it('gives the same order each time', () => {
    for (const id of ids.slice(0, 100)) expect(keys(id, all)).toEqual(keys(id, all));
    const id = ids.find((one) => keys(one, all)[0] === 'mta') ?? '';

    expect(keys(id, all)).toEqual(['mta', 'postmark', 'mailgun', 'ses']);
  });

  it('sends from a substitute address rather than not at all, but only after all providers that send it as it is', () => {
    const substitute = { fromDomains: ['mg.example.net'], substituteFrom: 'mail@mg.example.net' };
    const way = route('x', [{ ...mailgun, ...substitute }, postmark], definitions, facts);

    expect(way.order.map(({ key }) => key)).toEqual(['postmark', 'mailgun']);
    expect([...way.substituted]).toEqual(['mailgun']);
    const own = route('x', [{ ...mailgun, ...substitute }], definitions, { ...facts, fromAddress: 'a@mg.example.net' });
    expect([own.order.length, own.substituted.size]).toEqual([1, 0]);
    const none = route('x', [{ ...mailgun, fromDomains: ['mg.example.net'] }], definitions, facts);
    expect(none.skipped).toMatchObject([{ reason: 'not verified for this From domain' }]);
  });

  const UTF8 = 'm\u00fcller@example.org';
  const QUOTED = '"ada b"@example.org';
  const everybody = ['postmark', 'mailgun', 'ses', 'mta'];

  it.each<[string, Partial<MessageFacts>, string[], Record<string, string[]>]>([
    ['nobody', {}, everybody, {}],
    ['all recipients are', { recipients: [UTF8] }, [], {}],
    ['the sender is', { fromAddress: 'b\u00f6ll@example.com' }, [], {}],
    ['who gets the answers is', { replyTo: [UTF8] }, [], {}],
    [
      'some recipients are',
      { recipients: ['ada@example.org', UTF8] },
      everybody,
      Object.fromEntries(everybody.map((key) => [key, [UTF8]])),
    ],
    [
      'one has quotes and one a question mark',
      { recipients: [QUOTED, 'ada@example.org', 'why?@example.org'] },
      everybody,
      { postmark: [QUOTED, 'why?@example.org'], ses: [QUOTED] },
    ],
  ])(
    'skips providers that can carry no address at all, and names the recipients for other providers: %s',
    (_, change, order, unsupported) => {
      const way = route('x', all, definitions, { ...facts, ...change });

      expect(way.order.map(({ key }) => key)).toEqual(order);
      expect(Object.fromEntries(way.unsupported)).toEqual(unsupported);
    },
  );

  it('carries non-ASCII addresses through a server with the option SMTPUTF8', () => {
    const way = route('x', [{ ...mta, options: { host: 'mx.example.com', smtpUtf8: true } }], definitions, {
      ...facts,
      recipients: [UTF8],
    });

    expect([way.order.length, way.unsupported.size]).toEqual([1, 0]);
  });

  it.each([
    ['an attachment of no bytes', { emptyAttachment: true }, 'refuses empty attachments'],
    ['an invitation', { calendar: true }, 'does not support an invitation'],
    ['a question mark before the @', { recipients: ['why?@example.org'] }, 'does not support a local part with ?'],
  ])('skips Postmark for %s, and no other provider', (_, change, reason) => {
    const way = route('x', all, definitions, { ...facts, ...change });

    expect(way.skipped).toMatchObject([{ key: 'postmark', kind: 'unable', reason: expect.stringContaining(reason) }]);
  });

  it.each([';', ','])('skips SendGrid for an attachment name with %s, and no other provider', (character) => {
    const message = { ...MESSAGE, attachments: [{ ...FILE, filename: `a${character}b.pdf` }] };
    const inline = { ...MESSAGE, attachments: [{ ...FILE, filename: 'a.pdf', contentId: `a${character}b` }] };

    for (const one of [message, inline])
      expect(route('x', [sendgrid, ...all], definitions, factsOf(one, 1_000)).skipped).toMatchObject([
        { key: 'sendgrid', kind: 'unable', reason: `does not support an attachment name with ${character}` },
      ]);
    expect(route('x', [sendgrid], definitions, factsOf({ ...MESSAGE, attachments: [FILE] }, 1_000)).skipped).toEqual(
      [],
    );
  });

  it('lets a submission name its providers and their order', () => {
    expect(keys('x', all, { only: ['ses', 'postmark'] })).toEqual(['ses', 'postmark']);
    expect(keys('x', all, { only: ['nobody', 'ses'] })).toEqual(['ses']);
    expect(keys('x', all, { except: ['postmark'] })).toEqual(['mailgun', 'ses', 'mta']);
    expect(route('x', all, definitions, facts, { only: ['ses', 'mta'], except: ['mta'] })).toMatchObject({
      order: [{ key: 'ses' }],
      skipped: [{ key: 'mta', kind: 'unwanted', reason: 'excluded by the submission' }],
    });
  });

  it('draws by a rule that no release may change, since a retry must use the order of the first round', () => {
    const equal = all.map((provider) => ({ ...provider, priority: 1 }));
    const draws = ranking('order-1', [{ ...equal[0], weight: 50 } as ProviderConfig, ...equal.slice(1)]);

    // A draw is -ln(u) / weight. u is made from the first 48 bits of the SHA-256 hash of the provider's key, NUL and the id.
    expect(draws.map(({ provider, weight, draw }) => [provider.key, weight, Number(draw.toFixed(9))])).toEqual([
      ['mailgun', 100, 0.003804148],
      ['postmark', 50, 0.007444746],
      ['ses', 100, 0.015745139],
      ['mta', 100, 0.023571748],
    ]);
    const { draw, provider } = favourite('order-1', all);
    expect([Number(draw.toFixed(9)), provider]).toEqual([0.430050996, undefined]);
    expect(favourite('order-1', [{ ...mta, share: 1 }])).toMatchObject({ draw, provider: { key: 'mta' } });
  });

  it('says of each provider whether it cannot carry a message or may not', () => {
    const way = route('x', [{ ...mta, classes: ['news'] }, postmark, ses], definitions, {
      ...facts,
      bytes: 42_000_000,
    });

    expect(way.order).toEqual([]);
    expect(way.skipped.map(({ key, kind }) => [key, kind])).toEqual([
      ['mta', 'unwanted'],
      ['postmark', 'unable'],
      ['ses', 'unable'],
    ]);
  });

  it('calls a message too large only if it is too large for every provider', () => {
    const large = { ...facts, bytes: 42_000_000 };
    const told = (...given: Parameters<typeof route>) => uncarried(route(...given));

    expect(told('x', [postmark, ses], definitions, large)).toEqual({
      reason: 'TooLarge',
      detail:
        'no provider can send it (postmark: too large: 42000000 bytes, at most 10485760; ' +
        'ses: too large: 42000000 bytes, at most 41943040)',
    });
    expect(told('x', [postmark, ses], definitions, large, { except: ['ses'] })).toMatchObject({ reason: 'Refused' });
    expect(told('x', [{ ...postmark, outbound: false }], definitions, facts)).toEqual({
      reason: 'Refused',
      detail: 'no provider can send it (none of the providers that may be used sends mail)',
    });
  });

  it('asks a provider without weight only after those of its priority, and before a lower one', () => {
    const providers = [
      { ...postmark, priority: 1, weight: 0 },
      { ...mailgun, priority: 1, weight: 1 },
      { ...ses, priority: 0 },
    ];

    expect(ids.every((id) => keys(id, providers).join() === 'mailgun,postmark,ses')).toBe(true);
  });

  it('lets a provider carry its classes only', () => {
    const providers = [{ ...mta, share: 1, classes: ['receipts', 'news'] }, ses];
    const skippedFor = (name?: string) => route('x', providers, definitions, facts, { class: name }).skipped;

    expect(skippedFor('news')).toEqual([]);
    expect(skippedFor('login-codes')).toEqual([
      { key: 'mta', kind: 'unwanted', reason: 'sends no mail of this class' },
    ]);
    expect(skippedFor()).toEqual([{ key: 'mta', kind: 'unwanted', reason: 'sends no mail without a class' }]);
  });

  it('puts providers that were already tried last, in the order of that list', () => {
    const order = (last: string[], preference = {}) =>
      route('x', all, definitions, facts, preference, last).order.map(({ key }) => key);

    expect(order([])).toEqual(['postmark', 'mailgun', 'ses', 'mta']);
    expect(order(['postmark'])).toEqual(['mailgun', 'ses', 'mta', 'postmark']);
    expect(order(['ses', 'postmark', 'elsewhere'])).toEqual(['mailgun', 'mta', 'ses', 'postmark']);
    expect(order(['mailgun'], { only: ['mailgun', 'ses'] })).toEqual(['ses', 'mailgun']);
    expect(order(['mta', 'ses', 'mailgun', 'postmark'])).toEqual(['mta', 'ses', 'mailgun', 'postmark']);
  });

  it.each<[string, Partial<MessageFacts>, string[]]>([
    ['11 MB', { bytes: 11_000_000 }, ['mailgun', 'ses', 'mta']],
    ['30 MB', { bytes: 30_000_000 }, ['ses']],
    [
      '60 recipients',
      { recipients: Array.from({ length: 60 }, (_, n) => `a${n}@example.org`), visibleRecipients: 60 },
      ['mailgun', 'mta'],
    ],
    ['an .exe', { extensions: ['exe'] }, ['mailgun', 'mta']],
    ['a From that SES does not know', { fromAddress: 'a@elsewhere.test' }, ['postmark', 'mailgun', 'mta']],
    ['a From below an identity', { fromAddress: 'a@sub.example.com' }, ['postmark', 'mailgun', 'ses', 'mta']],
    [
      'several Bcc alone',
      { recipients: ['a@example.org', 'b@example.org'], visibleRecipients: 0 },
      ['mailgun', 'ses', 'mta'],
    ],
  ])('skips providers that cannot carry %s', (_, change, able) => {
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
