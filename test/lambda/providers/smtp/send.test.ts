import { setDefaultCACertificates } from 'node:tls';
import { beforeAll, expect, test } from 'vitest';
import { attemptTo, MIME, provider } from './attempt.ts';
import { certificateFor } from './certificate.ts';
import { type Script, serve } from './smtp-server.ts';

let certificate: { key: string; cert: string };
beforeAll(async () => {
  certificate = await certificateFor({ ip: '127.0.0.1' }, true);
});

const LOGIN = { username: 'user', password: 'secret' };
const PLAIN = `AUTH PLAIN ${Buffer.from('\0user\0secret').toString('base64')}`;

test.each<[string, Script, string[]]>([
  ['starttls', {}, ['EHLO mta.example.com', 'STARTTLS', 'EHLO mta.example.com']],
  ['implicit', { implicit: true }, ['EHLO mta.example.com']],
])('the whole dialogue with TLS %s', async (tls, script, opening) => {
  await using server = await serve({ certificate, extensions: ['AUTH PLAIN', 'SIZE 1000000'], ...script });
  const smtp = provider(server.port, { tls: tls as 'starttls' | 'implicit' }, LOGIN);
  const result = await smtp.send(attemptTo(['ada@example.org', 'bob@example.org']));
  smtp.close?.();
  expect(result).toEqual({
    outcome: { kind: 'accepted', providerMessageId: '4FzQ1', detail: '250 2.0.0 Ok: queued as 4FzQ1' },
  });
  expect(server.sessions).toEqual([
    {
      secure: true,
      commands: [
        ...opening,
        PLAIN,
        `MAIL FROM:<hector@example.com> SIZE=${MIME.length}`,
        'RCPT TO:<ada@example.org>',
        'RCPT TO:<bob@example.org>',
        'DATA',
      ],
      bodies: ['Subject: Receipt\r\n\r\n..hidden dot\r\nThanks'],
    },
  ]);
});

test('without a user name there is no login, and in the clear no STARTTLS', async () => {
  await using server = await serve({ certificate, extensions: ['AUTH PLAIN'] });
  await provider(server.port, {}, { username: '', password: '' }).send(attemptTo());
  expect(server.sessions[0]?.commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'MAIL', 'RCPT', 'DATA']);
  expect(server.sessions[0]?.secure).toBe(false);
});

test('the deferral of a sender decides, though its pipelined recipients are refused as well', async () => {
  const replies = { mail: '450 4.7.1 try again later', rcpt: '503 5.5.1 need MAIL', data: '503 5.5.1 need MAIL' };
  await using server = await serve({ extensions: ['PIPELINING'], replies });
  const { outcome, recipients } = await provider(server.port, { tls: 'none' }).send(attemptTo());
  expect(outcome).toMatchObject({ kind: 'throttled' });
  expect(recipients).toBeUndefined();
});

test('a server that stops offering TLS gets neither password nor message', async () => {
  await using server = await serve({ extensions: ['AUTH PLAIN'], replies: { starttls: '502 no' } });
  const { outcome } = await provider(server.port, { tls: 'starttls' }, LOGIN).send(attemptTo());
  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'tls' });
  expect(server.sessions[0]?.commands).toEqual(['EHLO mta.example.com', 'STARTTLS']);
});

test.each(['starttls', 'implicit'] as const)('an untrusted certificate ends it (%s)', async (tls) => {
  const stranger = await certificateFor({ ip: '127.0.0.1' }, false);
  await using server = await serve({ certificate: stranger, implicit: tls === 'implicit' });
  const { outcome } = await provider(server.port, { tls }, LOGIN).send(attemptTo());
  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'tls' });
  expect(server.sessions.flatMap(({ bodies }) => bodies)).toEqual([]);
});

test('a trusted certificate for another host ends it as well', async () => {
  const other = await certificateFor({ name: 'other.example.net' }, false);
  setDefaultCACertificates([certificate.cert, other.cert]);
  await using server = await serve({ certificate: other });
  const { outcome } = await provider(server.port, { tls: 'starttls' }).send(attemptTo());
  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'tls' });
});

test.each([
  ['250 2.0.0 Ok: queued as 4FzQ1', '4FzQ1'],
  ['250 OK id=1rXyZ-0001-Ab', '1rXyZ-0001-Ab'],
  ['250 2.0.0 4AN1 Message accepted for delivery', '4AN1'],
  ['250 ok 1700000000 qp 4242', '4242'],
  ['250 OK: message queued', `${'h'.repeat(43)}@example.com`],
])('the proof in "%s" is %s', async (end, providerMessageId) => {
  await using server = await serve({ replies: { end } });
  const { outcome } = await provider(server.port).send(attemptTo());
  expect(outcome).toMatchObject({ kind: 'accepted', providerMessageId });
});

test.each([[[]], [['PIPELINING']]])('partial acceptance, with extensions %j', async (extensions) => {
  const rcpt = ['250 ok', '550 5.1.1 no such user', '450 4.7.1 greylisted'];
  await using server = await serve({ extensions, replies: { rcpt } });
  const result = await provider(server.port).send(attemptTo(['a@example.org', 'b@example.org', 'c@example.org']));
  expect(result.outcome.kind).toBe('accepted');
  expect([...(result.recipients ?? [])]).toEqual([
    ['b@example.org', expect.objectContaining({ kind: 'refused', blames: 'message', reason: 'recipient-unknown' })],
    ['c@example.org', expect.objectContaining({ kind: 'throttled', of: 'recipient', reason: 'greylisted' })],
  ]);
});

test.each([[[]], [['PIPELINING']]])('all recipients refused, each for its own reason, with %j', async (extensions) => {
  const rcpt = ['550 5.1.1 no such user', '450 4.7.1 greylisted'];
  await using server = await serve({ extensions, replies: { rcpt, data: '554 no valid recipients' } });
  const result = await provider(server.port).send(attemptTo(['a@example.org', 'b@example.org']));
  expect(result.outcome).toMatchObject({ kind: 'throttled', of: 'recipient', reason: 'greylisted' });
  expect([...(result.recipients ?? [])]).toEqual([
    ['a@example.org', expect.objectContaining({ kind: 'refused', reason: 'recipient-unknown' })],
  ]);
  expect(server.sessions[0]?.bodies).toEqual([]);
});

test('a recipient that was refused separately stays refused when the message fails for the others', async () => {
  await using server = await serve({
    replies: { rcpt: ['250 ok', '550 5.1.1 no'], end: (socket) => socket.resetAndDestroy() },
  });
  const result = await provider(server.port).send(attemptTo(['a@example.org', 'b@example.org']));
  expect(result.outcome.kind).toBe('unknown');
  expect(result.recipients?.get('b@example.org')).toMatchObject({ kind: 'refused', reason: 'recipient-unknown' });
});

test('a 421 after some of the recipients applies to those not yet named', async () => {
  const reply = '421 Domain example.com is not allowed to send: account disabled';
  await using server = await serve({ replies: { rcpt: ['250 ok', reply] } });
  const result = await provider(server.port).send(attemptTo(['a@example.org', 'b@example.org', 'c@example.org']));
  expect(result.outcome).toMatchObject({ kind: 'unavailable', blames: 'account', reason: 'not-allowed-to-send' });
  expect(server.sessions[0]?.bodies).toEqual([]);
});

test('a message above the announced size is not sent', async () => {
  await using server = await serve({ extensions: ['SIZE 10'] });
  const { outcome } = await provider(server.port).send(attemptTo());
  expect(outcome).toMatchObject({ kind: 'refused', blames: 'message', reason: 'too-large' });
});

test('a non-ASCII address needs the option', async () => {
  await using server = await serve({ extensions: ['SMTPUTF8'] });
  const attempt = attemptTo(['jörg@example.org']);
  expect((await provider(server.port).send(attempt)).outcome).toMatchObject({ reason: 'address-encoding' });
  expect(server.sessions).toHaveLength(0);
  expect((await provider(server.port, { smtpUtf8: true }).send(attempt)).outcome.kind).toBe('accepted');
  expect(server.sessions[0]?.commands[1]).toBe(`MAIL FROM:<hector@example.com> SMTPUTF8`);
});
