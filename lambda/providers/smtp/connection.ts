import { Readable } from 'node:stream';
import SMTPConnection, { type SMTPConnectionSendInfo, type SMTPEnvelope } from 'nodemailer/lib/smtp-connection';
import { afterArrivals } from '../../platform/arrivals.ts';
import type { SmtpProgress } from './classify.ts';

/** An SMTP server, with the settings for connections to it. */
export interface SmtpTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly clientName?: string | undefined;
  readonly login?: { readonly user: string; readonly pass: string } | undefined;
}

/**
 * Time-out of nodemailer in milliseconds: the longest run time of a Lambda function. It never ends a call, since the attempt's
 * own deadline is shorter.
 */
const SOCKET_TIMEOUT_MS = 900_000;

/**
 * Size in bytes of the pieces in which a body is written. As long as the socket does not accept a piece, `written` of
 * {@link SmtpProgress} stays false: the server cannot have the whole body.
 */
const CHUNK = 64 * 1024;

/** An open connection on which mail can be sent. */
export interface Session {
  readonly connection: SMTPConnection;
  /** Whether the server announced SMTPUTF8 (RFC 6531) on this connection. */
  readonly smtpUtf8: boolean;
  /** Time from the last MAIL FROM to the reply 354, in milliseconds; absent before the first message. */
  answeredMs?: number;
}

/** Envelope and content of one transaction. */
export interface Envelope extends SMTPEnvelope {
  /** Whether an address in the envelope or in the headers has non-ASCII letters. */
  readonly needsSmtpUtf8: boolean;
}

/**
 * Connects to a server, negotiates TLS as configured, and logs in if there is a login. `connectMs` is the time limit, in
 * milliseconds, of the DNS look-up, the TCP connection, the greeting and the TLS handshake together.
 */
export async function open(target: SmtpTarget, connectMs: number, deadline: AbortSignal): Promise<Session> {
  const connection = new SMTPConnection({
    host: target.host,
    port: target.port,
    secure: target.tls === 'implicit',
    requireTLS: target.tls === 'starttls',
    ignoreTLS: target.tls === 'none',
    // `rejectUnauthorized` is set explicitly, so that no environment variable can switch off the verification of certificates.
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    name: target.clientName,
    connectionTimeout: connectMs,
    dnsTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: SOCKET_TIMEOUT_MS,
    // The socket is closed immediately: after the end of an attempt, the rest of its message must not be sent.
    socketCloseTimeout: 0,
  });
  // A keep-alive connection may fail while it is idle. Without this listener, the error would end the process. The next use of
  // the connection checks that the connection is not destroyed.
  connection.on('error', () => {});
  await step(connection, deadline, (done) => connection.connect(done));
  // `lastServerResponse` is the reply to the last EHLO. After STARTTLS this is the EHLO on the encrypted connection.
  const smtpUtf8 = /^250[ -]SMTPUTF8[ \t]*\r?$/im.test(connection.lastServerResponse || '');
  const { login } = target;
  try {
    if (login) await step(connection, deadline, (done) => connection.login(login, done));
  } catch (error) {
    hangUp(connection);
    throw error;
  }
  return { connection, smtpUtf8 };
}

/** Time in milliseconds. If {@link Session.answeredMs} is shorter, the server counts as prompt. */
const PROMPT_MS = 1_000;

/**
 * Whether the server answered the last envelope promptly. If the next envelope on such a connection gets no prompt answer, the
 * connection is probably dead. Enough time is then left to send the message on another connection.
 */
export function isPrompt({ answeredMs }: Session): boolean {
  return answeredMs !== undefined && answeredMs < PROMPT_MS;
}

/**
 * Tests with RSET whether a keep-alive connection still works. The test takes one round trip. Without it, a message on a dead
 * connection would wait for the time-out.
 */
export async function isAlive(connection: SMTPConnection, deadline: AbortSignal): Promise<boolean> {
  try {
    await step(connection, deadline, (done) => connection.reset(done));
    return true;
  } catch {
    connection.close();
    return false;
  }
}

/**
 * Sends one message, and updates `progress` meanwhile. The progress is needed since the error of a lost connection does not state
 * the stage at which the connection was lost.
 *
 * If the server has not answered 354 within `answerTimeoutMs` milliseconds, the connection is closed, and counts as lost. In this
 * case no body was sent.
 */
export async function transmit(
  session: Session,
  envelope: Envelope,
  body: Buffer,
  progress: { -readonly [K in keyof SmtpProgress]: SmtpProgress[K] },
  deadline: AbortSignal,
  answerTimeoutMs: number,
): Promise<SMTPConnectionSendInfo> {
  const { connection } = session;
  const begun = performance.now();
  let offset = 0;
  const stream = new Readable({
    highWaterMark: 0,
    // nodemailer reads the stream only after the server's reply 354 (10.6.0, measured 2026-11-23).
    read() {
      if (!progress.began) session.answeredMs = performance.now() - begun;
      progress.began = true;
      this.push(offset < body.length ? body.subarray(offset, offset + CHUNK) : null);
      offset += CHUNK;
    },
  });
  // nodemailer writes the final dot as soon as the stream has ended.
  stream.once('end', () => {
    progress.written = true;
  });
  if (envelope.needsSmtpUtf8) addSmtpUtf8(connection);
  const answerTimer = setTimeout(
    () => void afterArrivals().then(() => progress.began || connection.close()),
    Math.min(answerTimeoutMs, SOCKET_TIMEOUT_MS),
  );
  const info = await step<SMTPConnectionSendInfo>(connection, deadline, (done) =>
    connection.send(envelope, stream, done),
  ).finally(() => clearTimeout(answerTimer));
  if (!info) throw Object.assign(new Error('no answer'), { code: 'ECONNECTION' });
  return info;
}

/**
 * Adds the parameter SMTPUTF8 to the next MAIL FROM. nodemailer adds SMTPUTF8 only for addresses in the envelope (10.6.0,
 * 2026-11-28), but an address in the headers may also need it.
 */
function addSmtpUtf8(connection: SMTPConnection): void {
  // The TypeScript types of nodemailer omit this internal method. Its use is safe, since the version of nodemailer is pinned.
  const internal = connection as unknown as { _sendCommand(command: string, ...more: unknown[]): void };
  const send = internal._sendCommand;
  internal._sendCommand = function withSmtpUtf8(command, ...more) {
    const isMail = command.startsWith('MAIL FROM:');
    if (isMail) internal._sendCommand = send;
    send.call(this, isMail && !/ SMTPUTF8\b/.test(command) ? `${command} SMTPUTF8` : command, ...more);
  };
}

/** Ends a session with QUIT, and does not wait for the reply. The connection is closed after the reply, or after one second. */
export function hangUp(connection: SMTPConnection): void {
  if (connection.destroyed) return;
  connection.quit();
  setTimeout(() => connection.close(), 1_000).unref();
}

type Done<T> = (error?: Error | null, value?: T) => void;

/**
 * Runs one step of an SMTP session. nodemailer reports some failures to the callback, and other failures only by the events
 * `error` and `end`.
 */
function step<T>(connection: SMTPConnection, deadline: AbortSignal, begin: (done: Done<T>) => void) {
  return new Promise<T | undefined>((resolve, reject) => {
    const settle: Done<T> = (error, value) => {
      connection.off('error', settle).off('end', ended);
      deadline.removeEventListener('abort', expired);
      if (error) reject(error);
      else resolve(value);
    };
    // After a 421, `end` is emitted just before the callback gets the text of the reply. The microtask lets the callback settle
    // the step first.
    const ended = () => queueMicrotask(() => settle(failure('ECONNECTION')));
    const expired = () => {
      settle(failure('DEADLINE'));
      connection.close();
    };
    connection.once('error', settle).once('end', ended);
    deadline.addEventListener('abort', expired, { once: true });
    if (deadline.aborted) expired();
    else begin(settle);
  });
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code, command: 'CONN' });
}
