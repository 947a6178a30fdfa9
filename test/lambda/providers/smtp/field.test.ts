import type { Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { attemptOf, attemptTo, provider } from './attempt.ts';
import { certificateFor } from './certificate.ts';
import { type Script, type Stage, type Step, serve } from './smtp-server.ts';

// These tests check how servers behave in practice: replies that no RFC defines, limits of a session, and extensions that a
// server offers only at times.

const WILLING = { mail: '250 ok', rcpt: '250 ok', data: '354 go on' } as const;
const LOGIN = { username: 'user', password: 'secret' };
/** Replies so late that the server does not count as fast. */
const slowly = (socket: Socket) => setTimeout(() => socket.write('250 ok\r\n'), 1_100);
const SHORT = { deadlineMs: 2_500, connectMs: 1_000 };

const UNKNOWN = { kind: 'refused', blames: 'message', reason: 'recipient-unknown', status: '550' };
const BUSY = { kind: 'throttled', of: 'provider', reason: 'concurrency' };
const HELO = { kind: 'unavailable', blames: 'account' };
const LOGIN_REFUSED = { kind: 'unavailable', blames: 'account', reason: 'authentication' };
const UTF8 = { address: 'müller@example.org' };
const ADA = { address: 'ada@example.org' };

const REFUSALS: readonly (readonly [string, Step])[] = [
  ...[
    '452 4.4.5 Maximum number of messages per session exceeded',
    '452-4.4.5 Maximum number of messages\r\n452 4.4.5 per session exceeded',
    '451 4.7.0 Temporary server error. Please try again later. PRX4',
    '421 4.4.2 connection timed out',
    '421 4.7.0 Try again later, closing connection.',
    '421',
    '503 5.5.1 Bad sequence of commands',
    '503 5.5.2 Send hello first',
    '550 5.7.1 no more on this connection',
    '554 5.7.0 Too many messages in one session',
    '530 5.7.1 Authentication required',
    '500 5.5.2 unrecognized command',
    '432 4.3.2 STOREDRV; concurrent connections limit exceeded',
    'not a reply at all',
  ].map((reply) => [reply, reply] as const),
  ['the end of the connection', (socket: Socket) => void socket.end()],
  ['a reset', (socket: Socket) => void socket.resetAndDestroy()],
];

describe('a kept connection', () => {
  const stages = ['mail', 'rcpt', 'data'] as const;
  const cases = stages.flatMap((stage) => REFUSALS.map(([name, step]) => [stage, name, step] as const));

  it.each(cases)('that refuses at %s with %s: the message is sent on a new one', async (stage, _, step) => {
    await using server = await serve({ replies: { [stage]: [WILLING[stage], step, WILLING[stage]] } });
    const smtp = provider(server.port);
    await smtp.send(attemptTo());

    expect(await smtp.send(attemptTo())).toMatchObject({ outcome: { kind: 'accepted' } });

    smtp.close?.();
    expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 1]);
  });

  it.concurrent.each(REFUSALS)('of a slow server that answers RSET with %s is replaced', async (_, step) => {
    await using server = await serve({ replies: { mail: slowly, rset: step } });
    const smtp = provider(server.port);
    await smtp.send(attemptTo());

    expect(await smtp.send(attemptTo())).toMatchObject({ outcome: { kind: 'accepted' } });

    smtp.close?.();
    expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 1]);
  });

  it('that does not answer RSET is replaced after the time for a connection', async () => {
    await using server = await serve({ replies: { mail: slowly, rset: () => {} } });
    const smtp = provider(server.port);
    await smtp.send(attemptTo());

    const attempt = attemptTo(undefined, { deadlineMs: 8_000, connectMs: 300 });
    expect(await smtp.send(attempt)).toMatchObject({ outcome: { kind: 'accepted' } });

    smtp.close?.();
    expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 1]);
  });

  it('on which a farewell is waiting is replaced', async () => {
    let kept: Socket | undefined;
    await using server = await serve({
      replies: {
        end: [
          (socket) => {
            kept = socket;
            socket.write('250 ok\r\n');
          },
          '250 ok',
        ],
      },
    });
    const smtp = provider(server.port);
    await smtp.send(attemptTo());
    kept?.write('421 4.4.2 idle for too long\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(await smtp.send(attemptTo())).toMatchObject({ outcome: { kind: 'accepted' } });

    smtp.close?.();
    expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 1]);
  });

  it.each(REFUSALS)(
    'and a new one that refuse with %s: the server is asked twice, and no body is sent',
    async (_, step) => {
      await using server = await serve({ replies: { mail: ['250 ok', step] } });
      const smtp = provider(server.port);
      await smtp.send(attemptTo());

      expect((await smtp.send(attemptTo())).outcome.kind).not.toMatch(/accepted|refused|unknown/);

      smtp.close?.();
      expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 0]);
    },
  );

  it('that refuses after half of the time: no new one is begun', async () => {
    const late = (socket: Socket) => void setTimeout(() => socket.write('452 4.4.5 enough\r\n'), 300);
    await using server = await serve({ replies: { mail: [slowly, late, '250 ok'] } });
    const smtp = provider(server.port);
    await smtp.send(attemptTo());

    const { outcome } = await smtp.send(attemptTo(undefined, { deadlineMs: 500 }));

    expect(outcome).toMatchObject({ kind: 'throttled', of: 'provider' });
    expect(server.sessions).toHaveLength(1);
  });
});

describe('SMTPUTF8', () => {
  const FAREWELL: Script['replies'] = { mail: ['250 ok', '421 4.3.2 shutting down', '250 ok'] };
  const LATER = { kind: 'throttled', of: 'recipient', reason: 'address-encoding' };

  it('that is not offered on the next connection is no vote against the message', async () => {
    const extensions = ['SMTPUTF8'];
    await using server = await serve({ extensions, replies: FAREWELL });
    const smtp = provider(server.port, { smtpUtf8: true });
    await smtp.send(attemptOf({ to: [UTF8] }));
    extensions.length = 0;

    expect((await smtp.send(attemptOf({ to: [UTF8] }))).outcome).toMatchObject(LATER);

    expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 0]);
    expect(server.sessions[1]?.commands.filter((line) => line.startsWith('MAIL'))).toEqual([]);
  });

  it('that is not offered on the next connection: the ASCII recipients are served', async () => {
    const extensions = ['SMTPUTF8'];
    await using server = await serve({ extensions, replies: FAREWELL });
    const smtp = provider(server.port, { smtpUtf8: true });
    await smtp.send(attemptOf({ to: [UTF8] }));
    extensions.length = 0;

    const { outcome, recipients } = await smtp.send(attemptOf({ to: [ADA, UTF8] }));

    smtp.close?.();
    expect(outcome.kind).toBe('accepted');
    expect(recipients?.get(UTF8.address)).toMatchObject(LATER);
    expect(server.sessions[1]?.bodies.join()).toMatch(/^[\x20-\x7e\r\n]*$/);
  });

  it('that is offered only on the next connection is used there', async () => {
    const extensions: string[] = [];
    await using server = await serve({ extensions, replies: FAREWELL });
    const smtp = provider(server.port, { smtpUtf8: true });
    await smtp.send(attemptOf());
    extensions.push('SMTPUTF8');

    const result = await smtp.send(attemptOf({ to: [ADA, UTF8] }));

    smtp.close?.();
    expect(result).toEqual({ outcome: expect.objectContaining({ kind: 'accepted' }) });
    expect(server.sessions[1]?.commands).toContain('MAIL FROM:<hector@example.com> SMTPUTF8');
  });

  it('that a kept connection does not offer is asked for on a new one', async () => {
    const extensions: string[] = [];
    await using server = await serve({ extensions });
    const smtp = provider(server.port, { smtpUtf8: true });
    await smtp.send(attemptOf());
    extensions.push('SMTPUTF8');

    expect((await smtp.send(attemptOf({ to: [UTF8] }))).outcome.kind).toBe('accepted');

    smtp.close?.();
    expect(server.sessions.map(({ bodies }) => bodies.length)).toEqual([1, 1]);
  });

  it.each([
    [['250-test', '250-smtputf8', '250 8BITMIME'], true],
    [['250-test', '250-X-SMTPUTF8', '250 8BITMIME'], false],
    [['250-test SMTPUTF8 soon', '250 8BITMIME'], false],
    [['250-SMTPUTF8.example.com greets you', '250 8BITMIME'], false],
  ])('is offered by the keyword alone: %j', async (lines, offered) => {
    await using server = await serve({ replies: { ehlo: lines.join('\r\n') } });
    const smtp = provider(server.port, { smtpUtf8: true });
    const { outcome } = await smtp.send(attemptOf({ to: [UTF8] }));
    smtp.close?.();
    expect(outcome.kind).toBe(offered ? 'accepted' : 'throttled');
  });
});

describe.each([[[]], [['PIPELINING']]])('a reply, with %j', (extensions) => {
  const rows: readonly (readonly [Stage, string, object])[] = [
    // The code and the text of all lines together decide the outcome.
    ['rcpt', '550-5.1.1 The email account does\r\n550-5.1.1 not exist. Please try\r\n550 5.1.1 again', UNKNOWN],
    ['rcpt', '550-no\r\n550 5.1.1 such user', UNKNOWN],
    ['rcpt', '550-relay\r\n550 access denied', { kind: 'unavailable', blames: 'account', reason: 'relay-denied' }],
    ['end', '550-5.4.5 Daily user sending\r\n550 5.4.5 limit exceeded', { kind: 'unavailable', reason: 'quota' }],
    // Replies without an enhanced code, without text, or without both.
    ['rcpt', '550 5.1.1', UNKNOWN],
    ['rcpt', '550', { kind: 'unrecognised' }],
    ['rcpt', '550 ', { kind: 'unrecognised' }],
    ['rcpt', '450', { kind: 'throttled', of: 'recipient' }],
    ['rcpt', '452', { kind: 'throttled', of: 'provider' }],
    ['mail', '501', { kind: 'unavailable', blames: 'sender' }],
    ['rcpt', '501', { kind: 'refused', blames: 'message', reason: 'recipient-syntax' }],
    ['mail', '550', { kind: 'unavailable', blames: 'sender' }],
    ['end', '554', { kind: 'unrecognised' }],
    // Codes that no RFC defines.
    ['rcpt', '599 5.9.9 who knows', { kind: 'unrecognised' }],
    ['mail', '499 who knows', { kind: 'unavailable', blames: 'outage' }],
    ['rcpt', '700 odd', { kind: 'unavailable', blames: 'outage', reason: 'protocol' }],
    ['end', '354 again', { kind: 'unknown' }],
    ['end', 'no code', { kind: 'unknown' }],
    ['end', '200 ok', { kind: 'accepted' }],
    ['end', '250', { kind: 'accepted' }],
    ['end', '250-2.0.0 Ok\r\n250 2.0.0 queued as ABC', { kind: 'accepted', providerMessageId: 'ABC' }],
    ['connect', '220-hello\r\n220-this is\r\n220 us', { kind: 'accepted' }],
    ['connect', 'HTTP/1.1 400 Bad Request', { kind: 'unavailable', blames: 'outage', reason: 'protocol' }],
    // Refusals because the server has too much load.
    ['mail', '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', BUSY],
    ['rcpt', '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', BUSY],
    ['end', '432 4.3.2 Concurrent connections limit exceeded', BUSY],
    ['connect', '421 4.3.2 too many connections', { kind: 'throttled', of: 'provider' }],
    // Refusals of our own host name. They occur at RCPT, the stage at which Postfix checks the host name by default.
    ...['450 4.7.1', '450', '504 5.5.2', '550 5.7.1', '554 5.7.1', '501 5.5.2'].map(
      (code) => ['rcpt', `${code} <mta.example.com>: Helo command rejected: Host not found`, HELO] as const,
    ),
    ['rcpt', '550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)', HELO],
    ['mail', '550 5.7.1 Helo invalid', { kind: 'unavailable' }],
    ['ehlo', '550 5.7.1 go away', { kind: 'unavailable', blames: 'account' }],
    ['ehlo', '502 5.5.2 unknown', { kind: 'unavailable', blames: 'outage' }],
    ['ehlo', '421 4.7.0 later', { kind: 'unavailable', blames: 'outage' }],
    ['connect', '554 5.7.1 no, 192.0.2.1 is listed', { kind: 'unavailable', blames: 'account' }],
    ['end', '421 4.3.0 gone', { kind: 'unavailable', blames: 'outage' }],
  ];
  it.each(rows)('at %s: %j', async (stage, reply, expected) => {
    await using server = await serve({ extensions, replies: { [stage]: reply } });
    const smtp = provider(server.port);
    const { outcome } = await smtp.send(attemptTo(undefined, SHORT));
    smtp.close?.();
    expect(outcome).toMatchObject(expected);
    expect(server.sessions).toHaveLength(1);
  });
});

describe('a login', () => {
  it.each<[string, object]>([
    ['535 5.7.8 Error: authentication failed', LOGIN_REFUSED],
    ['535', LOGIN_REFUSED],
    ['535-5.7.8 Username and Password not accepted.\r\n535 5.7.8 learn more - gsmtp', LOGIN_REFUSED],
    ['534 5.7.9 Application-specific password required', LOGIN_REFUSED],
    ['538 5.7.11 Encryption required', LOGIN_REFUSED],
    ['530 Must issue a STARTTLS command first', { kind: 'unavailable', blames: 'account', reason: 'tls-required' }],
    ['535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.', LOGIN_REFUSED],
    ['432 4.7.12 A password transition is needed', LOGIN_REFUSED],
    ['432 4.3.2 Concurrent connections limit exceeded', BUSY],
    ['454 4.7.0 Temporary authentication failure', { kind: 'throttled', of: 'provider' }],
    ['454 4.7.0 Too many login attempts, please try again later', { kind: 'throttled', of: 'provider' }],
    ['421 4.7.0 Too many failures', { kind: 'unavailable', blames: 'outage' }],
    ['504 5.5.4 Unrecognized authentication type', { kind: 'unavailable', blames: 'outage' }],
    ['525 5.7.1 Unauthorized IP address', { kind: 'unavailable', blames: 'account', reason: 'client-refused' }],
  ])('that is answered with %s', async (reply, expected) => {
    await using server = await serve({ extensions: ['AUTH PLAIN'], replies: { auth: reply } });
    const { outcome } = await provider(server.port, {}, LOGIN).send(attemptTo(undefined, SHORT));
    expect(outcome).toMatchObject(expected);
    expect(server.sessions[0]?.commands.filter((line) => line.startsWith('MAIL'))).toEqual([]);
  });

  it.each([[[]], [['AUTH GSSAPI NTLM']]])(
    'that a server does not offer, with %j, sends nothing',
    async (extensions) => {
      await using server = await serve({ extensions, replies: { auth: '503 5.5.1 AUTH not enabled' } });
      const { outcome } = await provider(server.port, {}, LOGIN).send(attemptTo(undefined, SHORT));
      expect(outcome.kind).toBe('unavailable');
      expect(server.sessions.flatMap(({ commands }) => commands.filter((line) => line.startsWith('MAIL')))).toEqual([]);
    },
  );
});

describe('STARTTLS', () => {
  let certificate: { key: string; cert: string };
  beforeAll(async () => {
    certificate = await certificateFor({ ip: '127.0.0.1' }, true);
  });

  it.each<[string, Step]>([
    ['454 4.7.0 TLS not available due to temporary reason', '454 4.7.0 TLS not available due to temporary reason'],
    ['501 Syntax error', '501 Syntax error'],
    ['502 5.5.1 not implemented', '502 5.5.1 not implemented'],
    ['421 4.7.0 closing', '421 4.7.0 closing'],
    ['the end of the connection', (socket) => void socket.end()],
    ['a reset', (socket) => void socket.resetAndDestroy()],
    ['220 and then plain text', (socket) => void socket.write('220 go\r\n250 not a handshake\r\n')],
    [
      '220 and then the end',
      (socket) => {
        socket.write('220 go\r\n');
        socket.end();
      },
    ],
  ])('that is answered with %s: neither password nor message is sent in the clear', async (_, starttls) => {
    const script: Script = { certificate, extensions: ['AUTH PLAIN'], replies: { starttls } };
    await using server = await serve(script);
    const { outcome } = await provider(server.port, { tls: 'starttls' }, LOGIN).send(attemptTo(undefined, SHORT));
    expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage' });
    for (const { commands, bodies, secure } of server.sessions) {
      if (!secure) expect(commands.join()).not.toMatch(/AUTH|MAIL/);
      expect(bodies).toEqual([]);
    }
  });

  it('that is offered in the clear only and not repeated after it: the login is that of the second EHLO', async () => {
    await using server = await serve({ certificate, extensions: ['AUTH PLAIN', 'SMTPUTF8'] });
    const smtp = provider(server.port, { tls: 'starttls', smtpUtf8: true }, LOGIN);
    expect((await smtp.send(attemptOf({ to: [UTF8] }))).outcome.kind).toBe('accepted');
    smtp.close?.();
    expect(server.sessions[0]?.commands).toContain('MAIL FROM:<hector@example.com> SMTPUTF8');
  });
});

describe('SIZE', () => {
  it.each([
    ['SIZE 0', 'accepted'],
    ['SIZE', 'accepted'],
    ['SIZE 10', 'refused'],
    ['SIZE 1000000', 'accepted'],
  ])('of %s', async (extension, kind) => {
    await using server = await serve({ extensions: [extension] });
    const smtp = provider(server.port);
    expect((await smtp.send(attemptTo())).outcome.kind).toBe(kind);
    smtp.close?.();
  });

  it.each<[Stage, string]>([
    ['mail', '552 5.3.4 Message size exceeds fixed limit'],
    ['mail', '552 Message exceeds size limit'],
    ['end', '552 5.3.4 Error: message file too big'],
    ['end', '552-5.3.4 Your message exceeded\r\n552 5.3.4 the size limits. - gsmtp'],
    ['data', '552 5.3.4 too big'],
    ['end', '550 5.3.4 message too large'],
    ['end', '554 5.3.4 Message too big for system'],
    ['rcpt', '552 5.3.4 <ada@example.org>: message too large'],
  ])('a refusal at %s for the size is the message: %s', async (stage, reply) => {
    await using server = await serve({ replies: { [stage]: reply } });
    const { outcome } = await provider(server.port).send(attemptTo());
    expect(outcome).toMatchObject({ kind: 'refused', blames: 'message', reason: 'too-large' });
  });
});
