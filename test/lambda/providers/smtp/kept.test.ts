import { expect, test } from 'vitest';
import type { Message } from '../../../../lambda/mail/message.ts';
import { attemptOf, attemptTo, provider } from './attempt.ts';
import { serve } from './smtp-server.ts';

test.each<[string, string]>([
  ['mail', '452 4.4.5 Maximum number of messages per session exceeded.'],
  ['mail', '451 4.7.0 Temporary server error'],
  ['mail', '503 5.5.2 Send hello first'],
  ['rcpt', '452 4.5.3 Too many recipients in this session.'],
  ['rcpt', '550 too much for this connection'],
  ['data', '450 4.7.0 later'],
])(
  'after a refusal at %s on a kept connection the message is sent once more on a new one: %s',
  async (stage, reply) => {
    const willing = { mail: '250 ok', rcpt: '250 ok', data: '354 go on' }[stage] ?? '';
    await using server = await serve({ replies: { [stage]: [willing, reply, willing] } });
    const smtp = provider(server.port);
    await smtp.send(attemptTo());

    expect((await smtp.send(attemptTo())).outcome).toMatchObject({ kind: 'accepted' });

    smtp.close?.();
    expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 1]);
  },
);

test('a new connection that refuses as well gives the result', async () => {
  await using server = await serve({ replies: { mail: ['250 ok', '452 4.4.5 Messages per session exceeded'] } });
  const smtp = provider(server.port);
  await smtp.send(attemptTo());

  expect((await smtp.send(attemptTo())).outcome).toMatchObject({
    kind: 'throttled',
    of: 'provider',
    reason: 'session-limit',
  });

  expect(server.sessions).toHaveLength(2);
});

test('only the recipients that a kept connection refused are offered to a new one', async () => {
  await using server = await serve({
    replies: { rcpt: ['250 ok', '250 ok', '452 4.5.3 enough', '550 5.1.1 no user'] },
  });
  const smtp = provider(server.port);
  await smtp.send(attemptTo());

  const result = await smtp.send(attemptTo(['a@example.org', 'b@example.org']));

  smtp.close?.();
  expect(result.outcome.kind).toBe('accepted');
  expect([...(result.recipients ?? [])]).toEqual([
    ['b@example.org', expect.objectContaining({ kind: 'refused', reason: 'recipient-unknown' })],
  ]);
  expect(server.sessions[1]?.commands).toContain('RCPT TO:<b@example.org>');
  expect(server.sessions[1]?.commands).not.toContain('RCPT TO:<a@example.org>');
});

test('a refusal of the body is never repeated', async () => {
  await using server = await serve({ replies: { end: ['250 ok', '452 4.3.1 full'] } });
  const smtp = provider(server.port);
  await smtp.send(attemptTo());

  expect((await smtp.send(attemptTo())).outcome).toMatchObject({ kind: 'throttled' });

  expect(server.sessions).toHaveLength(1);
});

test('a connection carries a limited number of messages', async () => {
  await using server = await serve();
  const smtp = provider(server.port);
  for (let mail = 0; mail < 51; mail += 1) await smtp.send(attemptTo());
  smtp.close?.();
  expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([50, 1]);
});

const UTF8 = { address: 'müller@example.org' };
const ADA = { address: 'ada@example.org' };

test('without SMTPUTF8 the ASCII recipients are served, and no other address is sent', async () => {
  await using server = await serve({ extensions: ['8BITMIME'] });
  const result = await provider(server.port, { smtpUtf8: true }).send(attemptOf({ to: [ADA, UTF8] }));

  expect(result.outcome.kind).toBe('accepted');
  expect([...(result.recipients ?? [])]).toEqual([
    [UTF8.address, expect.objectContaining({ kind: 'throttled', of: 'recipient', reason: 'address-encoding' })],
  ]);
  const [session] = server.sessions;
  expect(session?.commands.filter((line) => line.startsWith('RCPT'))).toEqual(['RCPT TO:<ada@example.org>']);
  expect(`${session?.commands.join()} ${session?.bodies.join()}`).toMatch(/^[\x20-\x7e\r\n]*$/);
});

test.each<[string, Partial<Message>]>([
  ['the only recipient', { to: [UTF8] }],
  ['Reply-To', { replyTo: [UTF8] }],
  ['the sender', { from: UTF8 }],
])('without SMTPUTF8 nothing is sent where %s needs it', async (_, change) => {
  await using server = await serve();
  const { outcome } = await provider(server.port, { smtpUtf8: true }).send(attemptOf(change));
  expect(outcome).toMatchObject({ kind: 'throttled', of: 'recipient', reason: 'address-encoding' });
  expect(server.sessions[0]?.commands).toEqual(['EHLO mta.example.com']);
});

test.each<[string, Partial<Message>, readonly string[]]>([
  ['the envelope', { to: [ADA, UTF8] }, [ADA.address, UTF8.address]],
  ['a header alone', { replyTo: [UTF8] }, [ADA.address]],
  ['a recipient who was served', { to: [ADA, UTF8] }, [ADA.address]],
])('SMTPUTF8 is requested once where %s needs it', async (_, change, recipients) => {
  await using server = await serve({ extensions: ['SMTPUTF8', 'PIPELINING'] });
  const smtp = provider(server.port, { smtpUtf8: true });

  expect((await smtp.send({ ...attemptOf(change), recipients })).outcome.kind).toBe('accepted');
  expect((await smtp.send(attemptOf())).outcome.kind).toBe('accepted');

  smtp.close?.();
  const mail = server.sessions.flatMap(({ commands }) => commands.filter((line) => line.startsWith('MAIL')));
  expect(mail).toEqual(['MAIL FROM:<hector@example.com> SMTPUTF8', 'MAIL FROM:<hector@example.com>']);
});
