import { Readable } from 'node:stream';
import SMTPConnection, { type SMTPConnectionSendInfo, type SMTPEnvelope } from 'nodemailer/lib/smtp-connection';
import { afterArrivals } from '../../platform/arrivals.ts';
import type { SmtpProgress } from './classify.ts';

/** The server, and how to connect to it. */
export interface SmtpTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly clientName?: string | undefined;
  readonly login?: { readonly user: string; readonly pass: string } | undefined;
}

/**
 * Time-out of nodemailer in milliseconds: as long as a Lambda function may run, since the attempt's own deadline ends the call
 * earlier.
 */
const SOCKET_TIMEOUT_MS = 900_000;

/**
 * Size in bytes of the pieces in which a body is written: if the socket does not accept a piece, it is known that the piece was
 * not sent.
 */
const CHUNK = 64 * 1024;

/** A connection that can send mail. */
export interface Session {
  readonly connection: SMTPConnection;
  /** Whether the server offers SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8: boolean;
  /** Time that the server took to answer the last envelope, in milliseconds. */
  answeredMs?: number;
}

/** Envelope and content of one transaction. */
export interface Envelope extends SMTPEnvelope {
  /** Whether an address of the envelope or the header has non-ASCII letters. */
  readonly needsSmtpUtf8: boolean;
}

/** Connects, negotiates TLS as configured and logs in. `connectMs` limits the time for DNS, TCP, greeting and TLS together. */
export async function open(target: SmtpTarget, connectMs: number, deadline: AbortSignal): Promise<Session> {
  const connection = new SMTPConnection({
    host: target.host,
    port: target.port,
    secure: target.tls === 'implicit',
    requireTLS: target.tls === 'starttls',
    ignoreTLS: target.tls === 'none',
    // This is set explicitly, so that no environment variable can switch the verification of certificates off.
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    name: target.clientName,
    connectionTimeout: connectMs,
    dnsTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: SOCKET_TIMEOUT_MS,
    // The socket is closed immediately, since a half-written message must not be sent after its attempt was given up.
    socketCloseTimeout: 0,
  });
  // A kept connection may fail while it is not used. Its next use then finds that the connection is destroyed.
  connection.on('error', () => {});
  await step(connection, deadline, (done) => connection.connect(done));
  // `lastServerResponse` is the answer to the last EHLO: with TLS, this is the EHLO after the TLS negotiation.
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

/** Time in milliseconds below which the answer to an envelope counts as prompt. */
const PROMPT_MS = 1_000;

/**
 * Whether the server answered the last envelope promptly. If so, and the server does not answer the next envelope soon, the
 * connection is dead. There is then enough time to send the message on another connection.
 */
export function isPrompt({ answeredMs }: Session): boolean {
  return answeredMs !== undefined && answeredMs < PROMPT_MS;
}

/**
 * Tests whether a kept connection still works. The test costs one round trip, and prevents a message from waiting on a dead
 * socket.
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
 * Sends one message. Meanwhile `progress` is updated, since the error of a lost connection does not tell at which stage the
 * connection was lost.
 *
 * If the server does not answer the envelope within `answerTimeoutMs`, the connection is closed and treated as lost. In this case no
 * body was sent.
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
    // nodemailer reads the stream only after the server's reply 354 (nodemailer 10.6.0, measured 2026-11-23).
    read() {
      if (!progress.began) session.answeredMs = performance.now() - begun;
      progress.began = true;
      this.push(offset < body.length ? body.subarray(offset, offset + CHUNK) : null);
      offset += CHUNK;
    },
  });
  // nodemailer sends the final dot as soon as the stream ends.
  stream.once('end', () => {
    progress.written = true;
  });
  if (envelope.needsSmtpUtf8) nameSmtpUtf8(connection);
  const silent = setTimeout(
    () => void afterArrivals().then(() => progress.began || connection.close()),
    Math.min(answerTimeoutMs, SOCKET_TIMEOUT_MS),
  );
  const info = await step<SMTPConnectionSendInfo>(connection, deadline, (done) =>
    connection.send(envelope, stream, done),
  ).finally(() => clearTimeout(silent));
  if (!info) throw Object.assign(new Error('no answer'), { code: 'ECONNECTION' });
  return info;
}

/**
 * Adds SMTPUTF8 to the next MAIL FROM: nodemailer adds SMTPUTF8 only for addresses of the envelope (10.6.0, 2026-11-28), but an
 * address in the header may also need SMTPUTF8.
 */
function nameSmtpUtf8(connection: SMTPConnection): void {
  // The types of nodemailer omit this method. This use is safe, since the version of nodemailer is pinned.
  const internal = connection as unknown as { _sendCommand(command: string, ...more: unknown[]): void };
  const send = internal._sendCommand;
  internal._sendCommand = function named(command, ...more) {
    const isMail = command.startsWith('MAIL FROM:');
    if (isMail) internal._sendCommand = send;
    send.call(this, isMail && !/ SMTPUTF8\b/.test(command) ? `${command} SMTPUTF8` : command, ...more);
  };
}

/** Ends a session with QUIT, without waiting for the answer. */
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
    // After a 421, `end` is emitted a moment before the callback gets the text of the reply.
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
