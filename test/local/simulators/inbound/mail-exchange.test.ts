import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { composedMime } from '../../../../local/simulators/composed-mime.ts';
import { mailExchange, zonesOf } from '../../../../local/simulators/inbound/mail-exchange.ts';
import type { IncomingMail } from '../../../../local/simulators/inbound/received-mail.ts';

const zones = zonesOf({
  providers: [
    { key: 'pm', preference: 20 },
    { key: 'mg', preference: 10 },
    { key: 'mg-2' },
    { key: 'ses', preference: 30 },
  ],
  rules: { ses: ['in.example.com', 'ses.in.example.com', 'rule.example.com', '.sub.example.com'] },
  listed: {
    mg: ['in.example.com'],
    'mg-2': ['other.example.com'],
  },
  canaries: { pm: 'canary@pm.in.example.com', mg: 'canary@mg.in.example.com', ses: 'canary@ses.in.example.com' },
  addresses: ['canary@in.example.com'],
});

test('a domain has the providers that list it, those without a list, and only one for inbound canaries', () => {
  expect(Object.fromEntries(zones)).toEqual({
    'in.example.com': ['mg', 'pm', 'ses'],
    'rule.example.com': ['ses'],
    '.sub.example.com': ['ses'],
    'other.example.com': ['mg-2', 'pm'],
    'pm.in.example.com': ['pm'],
    'mg.in.example.com': ['mg'],
    'ses.in.example.com': ['ses'],
  });
});

test('mail goes to the best MX that is up, for each recipient, and nowhere else', async () => {
  const received: [string, IncomingMail][] = [];
  const down = new Set<string>();
  const deliver = mailExchange({
    zones,
    isUp: (key) => !down.has(key),
    receive: async (key, reception) => received.push([key, reception]),
  });
  const raw = Buffer.from('Subject: hi\r\n\r\nhello');
  const taking = {
    providerMessageId: '1',
    envelope: {
      from: 'a@example.com',
      to: [
        'box@IN.example.com',
        'b@example.org',
        'canary@mg.in.example.com',
        'canary@pm.in.example.com',
        'a@x.sub.example.com',
        'a@sub.example.com',
      ],
    },
    raw,
    mime: () => raw,
    headers: () => [],
    view: () => ({ attachments: [] }),
  };
  await deliver(taking);
  down.add('mg');
  await deliver(taking);
  down.add('pm');
  await deliver({ ...taking, envelope: { ...taking.envelope, to: ['box@in.example.com'] } });

  expect(received.map(([key, { to }]) => `${key} ${to}`)).toEqual([
    'mg box@IN.example.com',
    'mg canary@mg.in.example.com',
    'pm canary@pm.in.example.com',
    'ses a@x.sub.example.com',
    'pm box@IN.example.com',
    'pm canary@pm.in.example.com',
    'ses a@x.sub.example.com',
    'ses box@in.example.com',
  ]);
  expect(received[0]?.[1]).toEqual({ raw, from: 'a@example.com', to: 'box@IN.example.com' });
});

test('a mail given as fields is delivered as the mail that they describe', async () => {
  const mime = await composedMime({
    headers: [
      ['From', '"Ada, A" <ada@example.com>'],
      ['To', 'box@in.example.com'],
      ['Subject', 'Grüße'],
      ['Message-ID', '<one@example.com>'],
      ['X-Canary-Token', 'out.pm.1.x'],
    ],
    text: 'hello',
    html: '<p>hello</p>',
    attachments: [{ filename: 'ä.txt', contentType: 'text/plain', content: Buffer.from('content'), cid: 'c1' }],
  });
  const mail = await simpleParser(mime);
  expect(mail).toMatchObject({ subject: 'Grüße', text: 'hello', html: '<p>hello</p>', messageId: '<one@example.com>' });
  expect(mail.from?.value).toEqual([{ name: 'Ada, A', address: 'ada@example.com' }]);
  expect(mail.headers.get('x-canary-token')).toBe('out.pm.1.x');
  expect(mail.attachments[0]).toMatchObject({ filename: 'ä.txt', content: Buffer.from('content') });
});
