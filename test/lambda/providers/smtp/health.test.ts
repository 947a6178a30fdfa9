import { beforeAll, describe, expect, it } from 'vitest';
import type { SmtpOptions } from '../../../../lambda/providers/smtp/options.ts';
import { create } from '../../../../lambda/providers/smtp/send.ts';
import { certificateFor } from './certificate.ts';
import { type Script, type Step, serve } from './smtp-server.ts';

let certificate: { key: string; cert: string };

beforeAll(async () => {
  certificate = await certificateFor({ ip: '127.0.0.1' }, true);
});

const hang: Step = () => {};
const reset: Step = (socket) => socket.resetAndDestroy();

describe('the health of an SMTP server', () => {
  it('is healthy when it offers TLS and accepts the login; no message is begun', async () => {
    await using server = await serve({ certificate, extensions: ['AUTH PLAIN'] });

    expect(await ask(server.port)).toEqual({ state: 'healthy' });
    const verbs = server.sessions.flatMap(({ commands }) => commands.map((line) => line.split(' ')[0]));
    expect(verbs).toEqual(['EHLO', 'STARTTLS', 'EHLO', 'AUTH', 'QUIT']);
  });

  it('is healthy although the server never answers QUIT', async () => {
    await using server = await serve({ certificate, extensions: ['AUTH PLAIN'], replies: { quit: hang } });

    expect(await ask(server.port)).toEqual({ state: 'healthy' });
  });

  it('is healthy without a login where none is needed', async () => {
    await using server = await serve();

    expect(await ask(server.port, { tls: 'none' }, {})).toEqual({ state: 'healthy' });
  });

  it.each<[string, Script, object]>([
    ['the password', { replies: { auth: '535 5.7.8 bad credentials' } }, refused('authentication')],
    ['us', { replies: { connect: '554 5.7.1 blocked' } }, refused('client-refused')],
    ['everybody', { replies: { connect: '554 no service here' } }, unreachable('no-mail-service')],
    ['temporarily', { replies: { connect: '421 4.3.2 shutting down' } }, unreachable('service-unavailable')],
    ['the login temporarily', { replies: { auth: '454 4.7.0 later' } }, unreachable('authentication-deferred')],
    ['TLS', { replies: { starttls: '454 4.3.0 no TLS' } }, unreachable('tls')],
    ['to greet', { replies: { connect: hang } }, unreachable('connect-timeout')],
    ['to answer EHLO', { replies: { ehlo: hang } }, unreachable('no-answer')],
    ['to answer AUTH', { replies: { auth: hang } }, unreachable('no-answer')],
    ['by a reset', { replies: { ehlo: reset } }, unreachable('connection-lost')],
  ])('is distinguished when the server refuses %s', async (_, script, expected) => {
    await using server = await serve({ certificate, extensions: ['AUTH PLAIN'], ...script });

    expect(await ask(server.port)).toMatchObject(expected);
  });

  it('is unknown when TLS fails or the port is closed', async () => {
    const stranger = await certificateFor({ ip: '127.0.0.1' }, false);
    await using server = await serve({ certificate: stranger, extensions: ['AUTH PLAIN'] });
    expect(await ask(server.port)).toMatchObject(unreachable('tls'));

    await server[Symbol.asyncDispose]();
    expect(await ask(server.port)).toMatchObject(unreachable('connection-refused'));
  });
});

function refused(reason: string) {
  return { state: 'account-refused', reason };
}

function unreachable(reason: string) {
  return { state: 'unreachable', reason };
}

async function ask(
  port: number,
  options: Partial<SmtpOptions> = {},
  secret: Record<string, string> = { username: 'user', password: 'pass' },
) {
  const endpoint = `smtp://127.0.0.1:${port}`;
  const provider = create({ key: 'own-mta', options: { host: 'unused.invalid', ...options }, secret, endpoint });
  return await provider.health?.({ deadlineMs: 400, connectMs: 250 });
}
