import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenInboundStack, type InboundStack } from '../support/inbound-stack.ts';

// A real mail server delivers to the mail servers (MX) of two providers, as on the internet. Behind each MX is a simulated
// provider. The test needs Debian's package opensmtpd and the user root. The mail server listens on loopback only, and has a
// configuration of its own.

const DAEMON = '/usr/sbin/smtpd';
const missing = !existsSync(DAEMON)
  ? 'opensmtpd is not installed (apt-get install opensmtpd)'
  : process.getuid?.() !== 0
    ? 'smtpd starts as root only'
    : undefined;
if (missing) console.warn(`test:mta is skipped: ${missing}`);

let stack: InboundStack;
const mxs: SMTPServer[] = [];
let daemon: ChildProcess | undefined;
let directory = '';
let port = 0;
let said = '';
/** Keys of the providers whose mail server (MX) refuses mail at present. */
const refuses = new Set<string>();

beforeAll(async () => {
  if (missing) return;
  stack = await givenInboundStack(60);
  const relays: Record<string, number> = {};
  for (const provider of ['mailgun', 'postmark']) relays[provider] = await startMx(provider);
  port = await freePort();
  directory = mkdtempSync('/tmp/mailover-mta-');
  startDaemon(relays);
  await stack.until(async () => await accepts(port), 15_000);
}, 90_000);

afterAll(async () => {
  daemon?.kill('SIGTERM');
  await wait(300);
  for (const mx of mxs) mx.close();
  if (directory) rmSync(directory, { recursive: true, force: true });
  await stack?.close();
});

test.skipIf(missing)(
  'mail that a mail server delivers to either MX is on the inbound queue once',
  { timeout: 90_000 },
  async () => {
    const transport = createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true });
    const send = (id: string, to: string) =>
      transport.sendMail({
        from: '"Ada" <ada@example.com>',
        to,
        subject: 'Grüße 📬',
        messageId: `<${id}@example.com>`,
        text: `hello ${id}`,
        attachments: [{ filename: 'größe.csv', content: 'one,two\n' }],
      });

    await send('first', 'box@primary.example.com');
    await send('second', 'box@secondary.example.com');
    await stack
      .until(() => stack.messages.length >= 2, 45_000)
      .catch((error: Error) => {
        throw new Error(`${error.message}\n${said}`);
      });
    // The mail server (MX) of Mailgun refuses mail for a short time. The sending mail server keeps the mail and tries again.
    refuses.add('mailgun');
    await send('third', 'box@primary.example.com');
    await wait(1_500);
    expect(stack.messages).toHaveLength(2);
    refuses.clear();
    execFileSync('/usr/sbin/smtpctl', ['schedule', 'all'], { stdio: 'ignore' });
    await stack.until(() => stack.messages.length >= 3, 45_000);
    await wait(500);

    expect(stack.messages.map(({ provider }) => provider)).toEqual(['mailgun', 'postmark', 'mailgun']);
    expect(stack.messages.map(({ messageId }) => messageId)).toEqual([
      '<first@example.com>',
      '<second@example.com>',
      '<third@example.com>',
    ]);
    for (const { envelope, subject, text, attachments, headers } of stack.messages) {
      expect(envelope.from).toBe('ada@example.com');
      expect(subject).toBe('Grüße 📬');
      expect(text).toMatch(/^hello/);
      expect(attachments).toMatchObject([{ filename: 'größe.csv', size: 8 }]);
      expect(headers.some(([name, value]) => name === 'Received' && value.includes('OpenSMTPD'))).toBe(true);
    }
  },
);

/**
 * Starts the mail server (MX) of a provider, and returns its port. The simulated provider then posts each accepted mail to the
 * webhook of the stack.
 */
async function startMx(provider: string): Promise<number> {
  const mx = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onMailFrom: (_address, _session, done) =>
      done(refuses.has(provider) ? Object.assign(new Error('try again later'), { responseCode: 451 }) : null),
    async onData(stream, { envelope }, done) {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        const from = envelope.mailFrom === false ? null : envelope.mailFrom.address || null;
        const to = envelope.rcptTo.map(({ address }) => address);
        await stack.take(provider, {
          raw: Buffer.concat(chunks),
          from,
          to,
          ...(provider === 'mailgun' && { form: 'mime' }),
        });
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  mxs.push(mx);
  await new Promise<void>((resolve) => mx.listen(0, '127.0.0.1', resolve));
  return (mx.server.address() as { port: number }).port;
}

function startDaemon(relays: Record<string, number>): void {
  const config = join(directory, 'smtpd.conf');
  writeFileSync(
    config,
    [
      `listen on 127.0.0.1 port ${port}`,
      `action "mailgun" relay host smtp://127.0.0.1:${relays['mailgun']} helo mta.example.com`,
      `action "postmark" relay host smtp://127.0.0.1:${relays['postmark']} helo mta.example.com`,
      'match from any for domain "primary.example.com" action "mailgun"',
      'match from any for domain "secondary.example.com" action "postmark"',
      '',
    ].join('\n'),
  );
  // The mail server runs in the foreground, so that it ends with this process. It has a mail queue of its own, which is empty
  // after the test.
  daemon = spawn(DAEMON, ['-d', '-f', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [daemon.stdout, daemon.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000);
    });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}

async function accepts(at: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return await new Promise((resolve) => {
    const socket = connect(at, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
