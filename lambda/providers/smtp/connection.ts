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
 * Time-out of nodemailer: as long as a function may run, since the attempt's own deadline ends the call earlier, and
 * records the stage.
 */
const SOCKET_TIMEOUT_MS = 900_000;

/** A body is written in pieces, so that a piece that the socket does not accept is known to be unsent. */
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

/** Connects, negotiates TLS as configured and logs in; `connectMs` covers DNS, TCP, greeting and TLS together. */
export async function open(target: SmtpTarget, connectMs: number, deadline: AbortSignal): Promise<Session> {
  const connection = new SMTPConnection({
    host: target.host,
    port: target.port,
    secure: target.tls === 'implicit',
    requireTLS: target.tls === 'starttls',
    ignoreTLS: target.tls === 'none',
    // Explicit, so that no environment variable can switch verification off.
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    name: target.clientName,
    connectionTimeout: connectMs,
    dnsTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: SOCKET_TIMEOUT_MS,
    // A half-written message must not be sent after it was given up.
    socketCloseTimeout: 0,
  });
  // A kept connection may fail while unused; its next user finds it destroyed.
  connection.on('error', () => {});
  await step(connection, deadline, (done) => connection.connect(done));
  // The answer to the last EHLO, after TLS if there is TLS.
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

/** Time within which a server is expected to answer an envelope again, if it did so before, in milliseconds. */
const PROMPT_MS = 1_000;

/**
 * Whether the server answered the last envelope at once: then a dead connection shows at the next envelope, soon enough to
 * send it on another one.
 */
export function isPrompt({ answeredMs }: Session): boolean {
  return answeredMs !== undefined && answeredMs < PROMPT_MS;
}

/** Whether a kept connection still works; costs one round trip and keeps a message from waiting on a dead socket. */
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
 * One transaction. `progress` is kept up to date, since the error of a lost connection does not contain the stage.
 *
 * Without an answer to the envelope within `patienceMs` the connection is closed, as if it had been lost: then no body was sent.
 */
export async function transmit(
  session: Session,
  envelope: Envelope,
  body: Buffer,
  progress: { -readonly [K in keyof SmtpProgress]: SmtpProgress[K] },
  deadline: AbortSignal,
  patienceMs: number,
): Promise<SMTPConnectionSendInfo> {
  const { connection } = session;
  const begun = performance.now();
  let offset = 0;
  const stream = new Readable({
    highWaterMark: 0,
    // nodemailer reads a stream only after 354 (10.6.0, measured 2026-11-23).
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
    Math.min(patienceMs, SOCKET_TIMEOUT_MS),
  );
  const info = await step<SMTPConnectionSendInfo>(connection, deadline, (done) =>
    connection.send(envelope, stream, done),
  ).finally(() => clearTimeout(silent));
  if (!info) throw Object.assign(new Error('no answer'), { code: 'ECONNECTION' });
  return info;
}

/**
 * Adds SMTPUTF8, which nodemailer requests for addresses of the envelope only (10.6.0, 2026-11-28), though a header may
 * need it alone.
 */
function nameSmtpUtf8(connection: SMTPConnection): void {
  // The types omit this method; the version is pinned.
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

/** Runs one step; nodemailer reports some failures to the callback, some as events, and a closed connection not at all. */
function step<T>(connection: SMTPConnection, deadline: AbortSignal, begin: (done: Done<T>) => void) {
  return new Promise<T | undefined>((resolve, reject) => {
    const settle: Done<T> = (error, value) => {
      connection.off('error', settle).off('end', ended);
      deadline.removeEventListener('abort', expired);
      if (error) reject(error);
      else resolve(value);
    };
    // A 421 ends the connection a moment before its text reaches the callback.
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
