import { expect, test } from 'vitest';
import { missed } from '../../../../lambda/providers/mailgun/missed.ts';

const STORED = {
  id: 'event-1',
  event: 'stored',
  timestamp: 1_795_600_000.5,
  message: { headers: { 'message-id': 'a@example.org', subject: 'one' } },
  storage: { key: 'KEY', url: 'https://storage-us-east4.api.mailgun.net/v3/domains/in.example.com/messages/KEY' },
};
const FAILED = { ...STORED, event: 'failed', severity: 'permanent', flags: { 'is-routed': true }, storage: undefined };

async function recipientsOf(...items: object[]) {
  const source = missed({
    options: { domains: ['in.example.com', 'other.example.com'] },
    secret: { apiKey: 'key' },
    apiSecret: {},
    fetch: async (url) => Response.json({ items: String(url).includes('/in.') ? items : [], paging: {} }),
  });
  const found = await source.between(0, 2_000_000_000_000);
  if (found === 'too-many') throw new Error('too many');
  const known = await Promise.all(found.map(source.know));
  return { found, recipients: known.map(({ mail }) => mail.recipients.join()), known };
}

test.each<[string, object, string[]]>([
  ['the recipient of the event', { recipient: 'a@in.example.com' }, ['a@in.example.com']],
  [
    'all that the event lists',
    { recipients: ['a@in.example.com', 'b@other.example.com'] },
    ['a@in.example.com', 'b@other.example.com'],
  ],
  [
    'all that the message lists, once, in the domains that receive',
    {
      recipient: 'A@in.example.com',
      message: { recipients: ['a@IN.example.com', 'b@in.example.com', 'c@example.net'] },
    },
    ['a@IN.example.com', 'b@in.example.com'],
  ],
  [
    'not the address that was posted to',
    { recipient: 'https://user@in.example.com/inbound', message: { recipients: ['a@in.example.com'] } },
    ['a@in.example.com'],
  ],
  ['one elsewhere, if there is no other', { recipient: 'a@example.net' }, ['a@example.net']],
  ['no recipient, if none is named', {}, ['']],
])('a stored mail is for %s', async (_, more, expected) => {
  expect((await recipientsOf({ ...STORED, ...more })).recipients).toEqual(expected);
});

test('two recipients of one copy are two receptions, two events of one of them are one', async () => {
  const [a, b] = [
    { ...STORED, recipient: 'a@in.example.com' },
    { ...STORED, recipient: 'b@in.example.com' },
  ];
  const { found } = await recipientsOf(a, b, { ...a, event: 'failed', flags: { 'is-routed': true } });

  expect(new Set(found.map(({ id }) => id)).size).toBe(2);
  expect(found).toHaveLength(2);
  // The id is logged, so it must not contain an address.
  expect(JSON.stringify(found.map(({ id }) => id))).not.toContain('@');
});

test('a mail that could not be posted and has no copy is listed nevertheless', async () => {
  const { found, known } = await recipientsOf({ ...FAILED, recipient: 'a@in.example.com' });

  expect(found).toMatchObject([{ state: 'failed', at: 1_795_600_000_500 }]);
  expect(known).toMatchObject([
    {
      complete: false,
      mail: {
        recipients: ['a@in.example.com'],
        content: {
          headers: [
            ['message-id', '<a@example.org>'],
            ['subject', 'one'],
          ],
        },
      },
    },
  ]);
  expect(known[0]?.mail).not.toHaveProperty('storedAt');
});

test('failures of sent mail, and those that are retried, are not listed', async () => {
  const { found } = await recipientsOf({ ...FAILED, flags: {} }, { ...FAILED, severity: 'temporary' });

  expect(found).toEqual([]);
});

test('events that may not be indexed yet are not queried', () => {
  const source = missed({
    options: { domains: [] },
    secret: {},
    apiSecret: {},
    fetch: () => Promise.reject(new Error('no call')),
  });

  expect(source.lagMs).toBeGreaterThan(30 * 60_000);
});
