import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Mailbox, Message } from '../../../../lambda/mail/message.ts';
import type { SendgridMail } from '../../../../lambda/providers/sendgrid/mail.ts';
import { create } from '../../../../lambda/providers/sendgrid/send.ts';
import { type Answer, closedUrl, inTurn, startServer, verbatim } from '../../../support/local-server.ts';
import { attemptOf } from '../attempt.ts';
import { LOST } from '../lost-answers.ts';

const OK = verbatim(202, { 'x-message-id': 'sg-1' }, '');
const errors = (status: number, ...list: readonly { message: string; field?: string }[]) =>
  verbatim(status, { 'content-type': 'application/json' }, JSON.stringify({ errors: list }));
const invalid = (...fields: string[]) =>
  errors(400, ...fields.map((field) => ({ message: 'Does not contain a valid address.', field })));

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/**
 * Starts a fake SendGrid server that gives these answers, one after the other, and repeats the last answer. Creates a provider that
 * uses this server.
 */
async function given(...answers: [Answer, ...Answer[]]) {
  const server = await startServer(inTurn(...answers));
  const provider = create({ key: 'sg', options: {}, secret: { apiKey: 'SG.key' }, endpoint: server.url });
  stops.push(() => provider.close?.(), server.close);
  const bodies = () => server.received.map(({ body }): SendgridMail => JSON.parse(body.toString()));
  return { server, provider, bodies };
}

const mailboxes = (...addresses: string[]): Mailbox[] => addresses.map((address) => ({ address }));
const attempt = (message: Partial<Message>, recipients: readonly string[]) =>
  attemptOf({ message, attempt: { recipients, deadlineMs: 2_000 } });

test('the whole request', async () => {
  const { server, provider } = await given(OK);
  const message = {
    from: { name: 'Shop; Co', address: 'shop@example.com' },
    to: [{ name: 'Doe, "J"', address: 'ada@example.org' }],
    cc: [{ name: 'Bob', address: 'bob@example.org' }],
    bcc: mailboxes('carol@example.org', 'done@example.org'),
    replyTo: [{ name: 'Re, ply', address: 'reply@example.com' }],
    html: '<p>x</p>',
    tag: 'receipts',
    metadata: { order: '1', 'mailover-id': 'forged', long: 'v'.repeat(10_000) },
    headers: [['X-Note', 'Grüße'] as const],
    attachments: [
      { filename: 'a b.pdf', contentType: 'application/pdf; name="a"', content: Buffer.from('pdf') },
      { filename: 'l.png', contentType: 'image/png', content: Buffer.from('png'), contentId: 'logo' },
    ],
    calendar: { method: 'REQUEST', content: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' },
  };

  const result = await provider.send(attempt(message, ['ada@example.org', 'bob@example.org', 'carol@example.org']));

  expect(result).toMatchObject({ outcome: { kind: 'accepted', providerMessageId: 'sg-1' }, dropped: 2 });
  expect(result).not.toHaveProperty('recipients');
  const [seen] = server.received;
  expect([seen?.method, seen?.url]).toEqual(['POST', '/v3/mail/send']);
  expect(seen?.headers).toMatchObject({
    authorization: 'Bearer SG.key',
    'content-type': 'application/json',
    accept: 'application/json',
    connection: 'keep-alive',
    'content-length': `${seen?.body.length}`,
  });
  expect(JSON.parse(seen?.body.toString() ?? '')).toEqual({
    personalizations: [
      {
        to: [{ email: 'ada@example.org', name: '"Doe, \\"J\\""' }],
        cc: [{ email: 'bob@example.org', name: 'Bob' }],
        bcc: [{ email: 'carol@example.org' }],
      },
    ],
    from: { email: 'shop@example.com', name: 'Shop; Co' },
    reply_to_list: [{ email: 'reply@example.com', name: 'Re, ply' }],
    subject: 'Hello',
    content: [
      { type: 'text/plain', value: 'x' },
      { type: 'text/html', value: '<p>x</p>' },
      { type: 'text/calendar; method=REQUEST', value: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' },
    ],
    attachments: [
      { content: 'cGRm', type: 'application/pdf', filename: 'a b.pdf', disposition: 'attachment' },
      { content: 'cG5n', type: 'image/png', filename: 'l.png', disposition: 'inline', content_id: 'logo' },
    ],
    headers: { 'X-Note': '=?UTF-8?B?R3LDvMOfZQ==?=', 'Message-ID': `<${'h'.repeat(43)}@example.com>` },
    categories: ['receipts'],
    custom_args: {
      'mailover-id': 'h'.repeat(43),
      'mailover-submission': 'order-1',
      'mailover-attempt': '1',
      order: '1',
    },
    tracking_settings: {
      open_tracking: { enable: false },
      click_tracking: { enable: false, enable_text: false },
      subscription_tracking: { enable: false },
      ganalytics: { enable: false },
    },
  });
});

test('the least request has no empty fields, and a subject of one blank for none', async () => {
  const { provider, bodies } = await given(OK);

  await provider.send(attempt({ subject: '' }, ['list@example.org']));

  const [mail] = bodies();
  expect(Object.keys(mail ?? {}).sort()).toEqual(
    ['content', 'custom_args', 'from', 'headers', 'personalizations', 'subject', 'tracking_settings'].sort(),
  );
  expect(mail).toMatchObject({ subject: ' ', content: [{ type: 'text/plain', value: 'x' }] });
  expect(mail?.personalizations).toEqual([{ to: [{ email: 'list@example.org' }] }]);
});

test.each([
  { tracking: { opens: true, clicks: false }, click: false },
  { tracking: { opens: false, clicks: true }, click: true },
])('tracks $tracking and nothing else', async ({ tracking, click }) => {
  const { provider, bodies } = await given(OK);

  await provider.send({ ...attempt({}, ['list@example.org']), tracking });

  expect(bodies()[0]?.tracking_settings).toEqual({
    open_tracking: { enable: tracking.opens },
    click_tracking: { enable: click, enable_text: click },
    subscription_tracking: { enable: false },
    ganalytics: { enable: false },
  });
});

test.each([
  ['é', false],
  ['t'.repeat(256), false],
  ['t'.repeat(255), true],
  ['', false],
])('the tag %j is a category: %s', async (tag, fits) => {
  const { provider, bodies } = await given(OK);

  const { dropped } = await provider.send(attempt({ tag }, ['list@example.org']));

  expect(dropped).toBe(fits ? 0 : 1);
  expect(bodies()[0]?.categories).toEqual(fits ? [tag] : undefined);
});

test('arguments stay below 10,000 bytes, and later ones that fit are kept', async () => {
  const { provider, bodies } = await given(OK);
  const metadata = { first: 'é'.repeat(4_850), second: 'x'.repeat(200), third: '3' };

  const { dropped } = await provider.send(attempt({ metadata }, ['list@example.org']));

  expect(dropped).toBe(1);
  expect(Object.keys(bodies()[0]?.custom_args ?? {})).toEqual([
    'mailover-id',
    'mailover-submission',
    'mailover-attempt',
    'first',
    'third',
  ]);
  expect(Buffer.byteLength(JSON.stringify(bodies()[0]?.custom_args))).toBeLessThan(10_000);
});

test.each([
  {
    left: ['cc1@example.org', 'cc2@example.org'],
    copies: [{ to: [{ email: 'cc1@example.org' }], cc: [{ email: 'cc2@example.org' }] }],
  },
  {
    left: ['cc2@example.org', 'bcc1@example.org'],
    copies: [{ to: [{ email: 'cc2@example.org' }], bcc: [{ email: 'bcc1@example.org' }] }],
  },
  {
    left: ['bcc1@example.org', 'bcc2@example.org'],
    copies: [{ to: [{ email: 'bcc1@example.org' }] }, { to: [{ email: 'bcc2@example.org' }] }],
  },
])('$left alone are in $copies', async ({ left, copies }) => {
  const { provider, bodies } = await given(OK);
  const message = {
    cc: mailboxes('cc1@example.org', 'cc2@example.org'),
    bcc: mailboxes('bcc1@example.org', 'bcc2@example.org'),
  };

  await provider.send(attempt(message, left));

  expect(bodies().map(({ personalizations }) => personalizations)).toEqual([copies]);
});

test('a name with a comma, a semicolon or quotes is quoted for recipients, and no other', async () => {
  const { provider, bodies } = await given(OK);
  const names = ['a,b', 'a;b', 'a"b', 'a\\,b', 'a:b <c@example.org>', 'Ünï'];
  const to = names.map((name, index) => ({ name, address: `r${index}@example.org` }));

  await provider.send(
    attempt(
      { to, bcc: [] },
      to.map(({ address }) => address),
    ),
  );

  expect(bodies()[0]?.personalizations[0]?.to.map(({ name }) => name)).toEqual([
    '"a,b"',
    '"a;b"',
    '"a\\"b"',
    '"a\\\\,b"',
    'a:b <c@example.org>',
    'Ünï',
  ]);
});

const THREE = {
  to: mailboxes('ada@example.org', 'bob@example.org'),
  cc: mailboxes('eve@example.org'),
  bcc: [],
};
const ALL = ['ada@example.org', 'bob@example.org', 'eve@example.org'];

test('an address that the error names by its place ends alone, and the others are sent at once', async () => {
  const { provider, bodies } = await given(invalid('personalizations.0.to.1.email'), OK);

  const result = await provider.send(attempt(THREE, ALL));

  expect(bodies().map(({ personalizations: [one] }) => [one?.to.length, one?.cc?.length])).toEqual([
    [2, 1],
    [1, 1],
  ]);
  expect(result.outcome).toMatchObject({ kind: 'accepted', providerMessageId: 'sg-1' });
  expect([...(result.recipients ?? [])]).toEqual([
    ['bob@example.org', expect.objectContaining({ kind: 'refused', blames: 'message', reason: 'invalid-email' })],
  ]);
});

test('all addresses that one answer names end together', async () => {
  const { provider, server } = await given(
    invalid('personalizations.0.to.0.email', 'personalizations.0.cc.0.email'),
    OK,
  );

  const result = await provider.send(attempt(THREE, ALL));

  expect(server.received).toHaveLength(2);
  expect([...(result.recipients?.keys() ?? [])]).toEqual(['ada@example.org', 'eve@example.org']);
});

test('a Bcc in its own copy is found by the number of the copy', async () => {
  const { provider, bodies } = await given(invalid('personalizations.1.to.0.email'), OK);
  const bcc = mailboxes('b1@example.org', 'b2@example.org');

  const result = await provider.send(attempt({ bcc }, ['b1@example.org', 'b2@example.org']));

  expect(bodies()[1]?.personalizations).toEqual([{ to: [{ email: 'b1@example.org' }] }]);
  expect([...(result.recipients?.keys() ?? [])]).toEqual(['b2@example.org']);
});

test.each(['personalizations.0.to.7.email', 'personalizations.3.to.0.email', 'personalizations.0.bcc.0.email'])(
  'an error at %s, where the request has no recipient, is found by halving',
  async (field) => {
    const { provider, server } = await given(invalid(field), OK, invalid('personalizations.0.to.0.email'));

    const result = await provider.send(attempt(THREE, ALL));

    expect(server.received).toHaveLength(3);
    expect([...(result.recipients?.keys() ?? [])]).toEqual(['eve@example.org']);
  },
);

test('an address that only the words name ends alone', async () => {
  const error = { message: 'bob@example.org is not a valid address', field: 'personalizations.9.to.0.email' };
  const { provider, server } = await given(errors(400, error), OK);

  const result = await provider.send(attempt(THREE, ALL));

  expect(server.received).toHaveLength(2);
  expect([...(result.recipients?.keys() ?? [])]).toEqual(['bob@example.org']);
});

test.each(LOST)('an answer lost by a $name is unknown', async ({ answer, reason }) => {
  const { provider, server } = await given(answer);

  const { outcome } = await provider.send(attemptOf({ attempt: { recipients: ['list@example.org'] } }));

  expect(outcome).toMatchObject({ kind: 'unknown', reason });
  expect(server.received).toHaveLength(1);
});

test('a refusal that is cut off is no vote', async () => {
  const cut: Answer = (_response, _request, socket: Socket) =>
    socket.end('HTTP/1.1 400 No\r\ncontent-length: 100\r\n\r\n{"err');
  const { provider } = await given(cut);

  const { outcome } = await provider.send(attempt({}, ['list@example.org']));

  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'answer-cut' });
});

test('a reset in the middle of the request is unknown, since its beginning was read', async () => {
  const server = await startServer(
    () => expect.fail('read to its end'),
    (request) => {
      request.once('data', () => request.socket.resetAndDestroy());
      return true;
    },
  );
  const provider = create({ key: 'sg', options: {}, secret: { apiKey: 'SG.key' }, endpoint: server.url });
  stops.push(() => provider.close?.(), server.close);

  const { outcome } = await provider.send(attempt({ html: 'x'.repeat(20_000_000) }, ['list@example.org']));

  expect(outcome).toMatchObject({ kind: 'unknown', reason: 'connection-lost' });
});

test('a late answer is unknown, and nothing is sent a second time', async () => {
  const { provider, server } = await given((response) => setTimeout(() => response.writeHead(202).end(), 600));

  const { outcome } = await provider.send(attemptOf({ attempt: { recipients: ['list@example.org'] } }));

  expect(outcome).toMatchObject({ kind: 'unknown', reason: 'no-answer' });
  expect(server.received).toHaveLength(1);
});

test('a redirect is not followed', async () => {
  const { provider, server } = await given(verbatim(302, { location: '/elsewhere' }, ''));

  const { outcome } = await provider.send(attempt({}, ['list@example.org']));

  expect(outcome).toMatchObject({ blames: 'account', reason: 'wrong-url' });
  expect(server.received).toHaveLength(1);
});

test('two mails share one connection', async () => {
  const { provider, server } = await given(OK);

  await provider.send(attempt({}, ['list@example.org']));
  await provider.send(attempt({}, ['list@example.org']));

  expect(server.connections()).toBe(1);
});

test('an unusable key is an authentication fault without a request', async () => {
  const { server } = await given(OK);

  for (const secret of [{}, { apiKey: ' ' }, { apiKey: 'a\nb' }]) {
    const provider = create({ key: 'sg', options: {}, secret, endpoint: server.url });
    const { outcome } = await provider.send(attempt({}, ['list@example.org']));
    expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'account', reason: 'authentication' });
  }
  expect(server.received).toHaveLength(0);
});

test('a closed port is an outage', async () => {
  const endpoint = await closedUrl();
  const provider = create({ key: 'sg', options: {}, secret: { apiKey: 'SG.key' }, endpoint });

  const { outcome } = await provider.send(attempt({}, ['list@example.org']));

  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'connection-refused' });
});

test('it cannot be asked about a mail', () => {
  expect(create({ key: 'sg', options: {}, secret: { apiKey: 'SG.key' } }).lookup).toBeUndefined();
});
