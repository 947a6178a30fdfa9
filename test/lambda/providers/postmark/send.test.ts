import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { create } from '../../../../lambda/providers/postmark/send.ts';
import {
  type Answer,
  closedUrl,
  inTurn,
  listening,
  type Received,
  startServer,
  verbatim,
} from '../../../support/local-server.ts';
import { attemptOf, message } from './attempt.ts';

const json = (status: number, body: object): Answer => verbatim(status, {}, JSON.stringify(body));
const OK = json(200, { ErrorCode: 0, Message: 'OK', MessageID: 'pm-1' });

const inactive = (...addresses: string[]): Answer =>
  json(422, {
    ErrorCode: 406,
    Message: `You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ${addresses.join(', ')}. Inactive recipients are ones that have generated a hard bounce.`,
  });

const mailboxes = (...addresses: string[]) => addresses.map((address) => ({ address }));

/** Returns what was sent to a server, request by request. */
const sentTo = ({ received }: { readonly received: readonly Received[] }) =>
  received.map(({ body }) => JSON.parse(body.toString()));

function provider(endpoint: string, options = {}) {
  return create({ key: 'pm', options, secret: { serverToken: 'token-1' }, endpoint });
}

test('the whole request', async () => {
  await using server = await startServer(OK);
  const metadata = Object.fromEntries([
    ...Array.from({ length: 12 }, (_, index) => [`key-${index}`, 'v']),
    ['a-key-of-more-than-20-characters', 'v'],
    ['long', 'v'.repeat(81)],
  ]);
  const attempt = attemptOf({
    cc: [{ name: 'Bob "B" <x>', address: 'bob@example.org' }],
    bcc: mailboxes('carol@example.org', 'done@example.org'),
    replyTo: mailboxes('reply@example.com'),
    html: '<p>Thanks</p>',
    tag: 't'.repeat(1001),
    metadata,
    attachments: [
      { filename: 'a.pdf', contentType: 'application/pdf', content: Buffer.from('pdf') },
      { filename: 'l.png', contentType: 'image/png', content: Buffer.from('png'), contentId: 'logo' },
    ],
  });
  const recipients = ['ada@example.org', 'bob@example.org', 'carol@example.org'];
  const result = await provider(server.url, { messageStream: 'receipts' }).send({ ...attempt, recipients });
  expect(result).toEqual({ outcome: { kind: 'accepted', providerMessageId: 'pm-1', detail: 'OK' }, dropped: 7 });
  const [seen] = server.received;
  expect([seen?.method, seen?.url]).toEqual(['POST', '/email']);
  expect(seen?.headers).toMatchObject({
    'x-postmark-server-token': 'token-1',
    'content-type': 'application/json',
    accept: 'application/json',
    connection: 'keep-alive',
  });
  expect(sentTo(server)[0]).toEqual({
    From: '"Hector" <hector@example.com>',
    To: 'ada@example.org',
    Cc: '"Bob \\"B\\" <x>" <bob@example.org>',
    Bcc: 'carol@example.org',
    ReplyTo: 'reply@example.com',
    Subject: 'Receipt',
    TextBody: 'Thanks',
    HtmlBody: '<p>Thanks</p>',
    Headers: [
      { Name: 'X-Mailover-Id', Value: 'order-1' },
      { Name: 'Message-ID', Value: message.messageId },
      { Name: 'X-PM-KeepID', Value: 'true' },
    ],
    Attachments: [
      { Name: 'a.pdf', Content: 'cGRm', ContentType: 'application/pdf', ContentID: null },
      { Name: 'l.png', Content: 'cG5n', ContentType: 'image/png', ContentID: 'cid:logo' },
    ],
    Tag: 't'.repeat(1000),
    Metadata: {
      'mailover-id': message.handle,
      'mailover-submission': 'order-1',
      'mailover-attempt': '1',
      ...Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`key-${index}`, 'v'])),
    },
    MessageStream: 'receipts',
    TrackOpens: false,
    TrackLinks: 'None',
  });
});

test.each([
  { tracking: { opens: true, clicks: false }, fields: { TrackOpens: true, TrackLinks: 'None' } },
  { tracking: { opens: false, clicks: true }, fields: { TrackOpens: false, TrackLinks: 'HtmlAndText' } },
])('tracks $tracking and nothing else', async ({ tracking, fields }) => {
  await using server = await startServer(OK);
  await provider(server.url).send({ ...attemptOf(), tracking });
  expect(sentTo(server)[0]).toMatchObject(fields);
});

test.each([
  { left: ['cc1@example.org', 'cc2@example.org'], fields: { To: 'cc1@example.org', Cc: 'cc2@example.org' } },
  { left: ['bcc1@example.org'], fields: { To: 'bcc1@example.org' } },
  { left: ['cc1@example.org', 'bcc1@example.org'], fields: { To: 'cc1@example.org', Bcc: 'bcc1@example.org' } },
])('a recipient becomes To when $left is left', async ({ left, fields }) => {
  await using server = await startServer(OK);
  const change = {
    cc: mailboxes('cc1@example.org', 'cc2@example.org'),
    bcc: mailboxes('bcc1@example.org', 'bcc2@example.org'),
  };
  await provider(server.url).send(attemptOf(change, { recipients: left }));
  const { To, Cc, Bcc } = sentTo(server)[0];
  expect({ To, Cc, Bcc }).toEqual({ Cc: undefined, Bcc: undefined, ...fields });
});

test('several Bcc alone are never shown to each other', async () => {
  await using server = await startServer(OK);
  const change = { bcc: mailboxes('b1@example.org', 'b2@example.org') };
  const attempt = attemptOf(change, { recipients: ['b1@example.org', 'b2@example.org'] });
  expect((await provider(server.url).send(attempt)).outcome).toMatchObject({ kind: 'accepted' });
  expect(sentTo(server).map(({ To }) => To)).toEqual(['b1@example.org', 'b2@example.org']);
  for (const sent of sentTo(server)) expect(sent).not.toHaveProperty('Bcc');
});

test('a partial acceptance names the recipients who get nothing', async () => {
  const text = 'Message OK, but will not deliver to these inactive addresses: Bob@example.org, eve@example.org';
  await using server = await startServer(json(200, { ErrorCode: 0, Message: text, MessageID: 'pm-2' }));
  const result = await provider(server.url).send(
    attemptOf({ to: mailboxes('ada@example.org', 'bob@example.org', 'eve@example.org') }),
  );
  expect(result.outcome).toMatchObject({ kind: 'accepted', providerMessageId: 'pm-2' });
  expect([...(result.recipients ?? [])]).toEqual(
    ['bob@example.org', 'eve@example.org'].map((address) => [
      address,
      { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' },
    ]),
  );
});

test('a refusal because of one recipient is repeated at once for the others', async () => {
  await using server = await startServer(inTurn(inactive('ada@example.org'), OK));
  const result = await provider(server.url).send(attemptOf({ cc: mailboxes('bob@example.org') }));
  expect(sentTo(server).map(({ To }) => To)).toEqual(['ada@example.org', 'bob@example.org']);
  expect(result.outcome).toMatchObject({ kind: 'accepted', providerMessageId: 'pm-1' });
  expect(result.recipients?.get('ada@example.org')).toMatchObject({ kind: 'refused', blames: 'recipient' });
  expect(result.recipients?.size).toBe(1);
});

test('the outcome of the repetition applies to the others, whatever it is', async () => {
  await using server = await startServer(inTurn(inactive('ada@example.org'), verbatim(503, {}, '')));
  const { outcome, recipients } = await provider(server.url).send(attemptOf({ cc: mailboxes('bob@example.org') }));
  expect(outcome).toMatchObject({ kind: 'refused', blames: 'recipient' });
  expect(recipients?.get('bob@example.org')).toMatchObject({ kind: 'unavailable', blames: 'outage' });
  expect(recipients?.size).toBe(1);
});

test('each named recipient gets its own outcome, however many calls it takes', async () => {
  await using server = await startServer(inTurn(inactive('ada@example.org'), inactive('bob@example.org'), OK));
  const result = await provider(server.url).send(attemptOf({ cc: mailboxes('bob@example.org', 'eve@example.org') }));
  expect(server.received).toHaveLength(3);
  expect(result.outcome).toMatchObject({ kind: 'accepted' });
  expect([...(result.recipients?.keys() ?? [])]).toEqual(['ada@example.org', 'bob@example.org']);
});

test('an unnamed inactive recipient is found by halving', async () => {
  await using server = await startServer(inTurn(inactive('***'), inactive('***'), OK));
  const result = await provider(server.url).send(attemptOf({ cc: mailboxes('bob@example.org') }));
  expect(sentTo(server).map(({ To }) => To)).toEqual(['ada@example.org', 'ada@example.org', 'bob@example.org']);
  expect(result.outcome).toMatchObject({ kind: 'accepted' });
  expect(result.recipients?.get('ada@example.org')).toMatchObject({
    blames: 'recipient',
    reason: 'inactive-recipient',
  });
  expect(result.recipients?.size).toBe(1);
});

test('two mails share one connection', async () => {
  await using server = await startServer(OK);
  const postmark = provider(server.url);
  await postmark.send(attemptOf());
  await postmark.send(attemptOf());
  expect(server.received.map(({ connection }) => connection)).toEqual([1, 1]);
  postmark.close?.();
});

test('an unusable token is an authentication fault without a request', async () => {
  await using server = await startServer(OK);
  for (const secret of [{}, { serverToken: ' ' }, { serverToken: 'a\nb' }]) {
    const { outcome } = await create({ key: 'pm', options: {}, secret, endpoint: server.url }).send(attemptOf());
    expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'account', reason: 'authentication' });
  }
  expect(server.received).toHaveLength(0);
});

test('a closed port is an outage', async () => {
  const { outcome } = await provider(await closedUrl()).send(attemptOf());
  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'connection-refused' });
});

test('an unknown host is an outage', async () => {
  const { outcome } = await provider('http://nowhere.invalid').send(attemptOf());
  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'dns' });
});

test('a TLS handshake that never completes is an outage, since nothing was written', async () => {
  const server = createServer((socket) => socket.resume().on('error', () => {}));
  const url = (await listening(server)).replace('http:', 'https:');
  const { outcome } = await provider(url).send(attemptOf({}, { connectMs: 100 }));
  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'connect-timeout' });
  server.close();
});

test.each<[string, Answer, object]>([
  [
    'a reset after the request',
    (_, __, socket) => socket.resetAndDestroy(),
    { kind: 'unknown', reason: 'connection-lost' },
  ],
  ['a close after the request', (_, __, socket) => socket.end(), { kind: 'unknown', reason: 'connection-lost' }],
  ['no answer', () => {}, { kind: 'unknown', reason: 'no-answer' }],
  [
    'an accepting answer that is cut off',
    (_, __, socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"Err'),
    { kind: 'unknown', reason: 'answer-lost' },
  ],
  [
    'a refusing answer that is cut off',
    (_, __, socket) => socket.end('HTTP/1.1 422 No\r\ncontent-length: 100\r\n\r\n{"Err'),
    { kind: 'unavailable', blames: 'outage', reason: 'answer-cut' },
  ],
])('%s', async (_, answer, expected) => {
  await using server = await startServer(answer);
  const { outcome } = await provider(server.url).send(attemptOf({}, { deadlineMs: 400 }));
  expect(outcome).toMatchObject(expected);
  expect(server.received).toHaveLength(1);
});
