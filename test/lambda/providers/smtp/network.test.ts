import { expect, test } from 'vitest';
import { defined } from '../../../../lambda/platform/defined.ts';
import { create } from '../../../../lambda/providers/smtp/send.ts';
import { attemptTo } from './attempt.ts';
import { type Script, type Step, serve } from './smtp-server.ts';

function provider(port: number) {
  const endpoint = `smtp://127.0.0.1:${port}`;
  return create({ key: 'own-mta', options: { host: 'unused.invalid', tls: 'none' }, secret: {}, endpoint });
}

const reset: Step = (socket) => socket.resetAndDestroy();
const hang: Step = () => {};
/** Replies so late that the server does not count as fast. */
const slowly: Step = (socket) => setTimeout(() => socket.write('250 ok\r\n'), 1_100);
const OUTAGE = { kind: 'unavailable', blames: 'outage' };

test('a closed port is an outage', async () => {
  const server = await serve();
  await server[Symbol.asyncDispose]();
  expect((await provider(server.port).send(attemptTo())).outcome).toMatchObject({
    ...OUTAGE,
    reason: 'connection-refused',
  });
});

test('an unknown host is an outage', async () => {
  const smtp = create({ key: 'own-mta', options: { host: 'nowhere.invalid' }, secret: {} });
  expect((await smtp.send(attemptTo())).outcome).toMatchObject({ ...OUTAGE, reason: 'dns' });
});

test.each<[string, Script['replies'], object]>([
  ['a reset instead of a greeting', { connect: reset }, { ...OUTAGE, reason: 'connection-lost' }],
  ['a close instead of a greeting', { connect: (socket) => socket.end() }, { ...OUTAGE, reason: 'connection-lost' }],
  ['no greeting', { connect: hang }, { ...OUTAGE, reason: 'connect-timeout' }],
  ['a reset at EHLO', { ehlo: reset }, { ...OUTAGE, reason: 'connection-lost' }],
  ['a hang at EHLO', { ehlo: hang }, { ...OUTAGE, reason: 'no-answer' }],
  ['a reset at MAIL', { mail: reset }, { ...OUTAGE, reason: 'connection-lost' }],
  ['a hang at MAIL', { mail: hang }, { ...OUTAGE, reason: 'no-answer' }],
  ['a reset at RCPT', { rcpt: reset }, { ...OUTAGE, reason: 'connection-lost' }],
  ['a reset at DATA', { data: reset }, { ...OUTAGE, reason: 'connection-lost' }],
  ['a hang at DATA', { data: hang }, { ...OUTAGE, reason: 'no-answer' }],
  ['a reset after the final dot', { end: reset }, { kind: 'unknown', reason: 'connection-lost' }],
  ['a close after the final dot', { end: (socket) => socket.end() }, { kind: 'unknown', reason: 'connection-lost' }],
  ['a hang after the final dot', { end: hang }, { kind: 'unknown', reason: 'no-answer' }],
])('%s', async (_, replies, expected) => {
  await using server = await serve(defined({ replies }));
  const { outcome } = await provider(server.port).send(attemptTo(undefined, { deadlineMs: 400, connectMs: 200 }));
  expect(outcome).toMatchObject(expected);
  expect(server.sessions).toHaveLength(1);
});

test('a body that the server stops reading is known to be unsent', async () => {
  await using server = await serve({ deafAfterData: true });
  const mime = () => Promise.resolve(Buffer.alloc(24 * 1024 * 1024, 'x\r\n'));
  const { outcome } = await provider(server.port).send(attemptTo(undefined, { mime, deadlineMs: 1_500 }));
  expect(outcome).toMatchObject({ ...OUTAGE, reason: 'no-answer' });
});

test.each<[string, Step, readonly string[]]>([
  ['a prompt server is asked nothing before it', '250 ok', []],
  ['a slow server is asked whether it is there', slowly, ['RSET']],
])('a connection is kept for the next message: %s', async (_, step, question) => {
  await using server = await serve({ replies: { mail: step } });
  const smtp = provider(server.port);
  for (let mail = 0; mail < 2; mail++) expect((await smtp.send(attemptTo())).outcome.kind).toBe('accepted');
  smtp.close?.();
  const [session, ...others] = server.sessions;
  expect(others).toEqual([]);
  expect(session?.commands.map((line) => line.split(' ')[0])).toEqual([
    'EHLO',
    'MAIL',
    'RCPT',
    'DATA',
    ...question,
    'MAIL',
    'RCPT',
    'DATA',
  ]);
});

test.each<[string, Script['replies']]>([
  ['closed with a 421', { mail: ['250 ok', '421 4.4.2 idle for too long', '250 ok'] }],
  ['silent', { mail: ['250 ok', hang, '250 ok'] }],
  ['closed with a 421 at a question', { mail: slowly, rset: '421 4.4.2 idle for too long' }],
  ['reset at a question', { mail: slowly, rset: reset }],
  ['silent at a question', { mail: slowly, rset: hang }],
  ['lost right after it answered', { mail: ['250 ok', reset, '250 ok'] }],
])('a kept connection that is %s is replaced by a new one', async (_, replies) => {
  await using server = await serve(defined({ replies }));
  const smtp = provider(server.port);
  const timing = { deadlineMs: 3_000, connectMs: 200 };
  expect((await smtp.send(attemptTo(undefined, timing))).outcome.kind).toBe('accepted');
  expect((await smtp.send(attemptTo(undefined, timing))).outcome.kind).toBe('accepted');
  expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 1]);
  smtp.close?.();
});

test('a message that was lost after the final dot on a kept connection is never sent again', async () => {
  await using server = await serve({ replies: { end: ['250 ok', reset] } });
  const smtp = provider(server.port);
  await smtp.send(attemptTo());
  expect((await smtp.send(attemptTo())).outcome).toMatchObject({ kind: 'unknown' });
  expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([2]);
});

test('a refused transaction leaves no connection behind', async () => {
  await using server = await serve({ replies: { rcpt: ['550 5.1.1 no', '250 ok'] } });
  const smtp = provider(server.port);
  await smtp.send(attemptTo());
  expect((await smtp.send(attemptTo())).outcome.kind).toBe('accepted');
  expect(server.sessions).toHaveLength(2);
  expect(server.sessions[0]?.commands.at(-1)).toBe('QUIT');
  smtp.close?.();
});

test('a refused login leaves no connection behind', async () => {
  await using server = await serve({ extensions: ['AUTH PLAIN'], replies: { auth: ['535 5.7.8 no', '235 ok'] } });
  const endpoint = `smtp://127.0.0.1:${server.port}`;
  const secret = { username: 'u', password: 'p' };
  const smtp = create({ key: 'own-mta', options: { host: 'unused.invalid', tls: 'none' }, secret, endpoint });
  expect((await smtp.send(attemptTo())).outcome).toMatchObject({ blames: 'account', reason: 'authentication' });
  expect((await smtp.send(attemptTo())).outcome.kind).toBe('accepted');
  expect(server.sessions[0]?.commands.at(-1)).toBe('QUIT');
  smtp.close?.();
});
