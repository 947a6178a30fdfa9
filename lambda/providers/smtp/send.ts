import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection';
import type { Message } from '../../mail/message.ts';
import { composeMime } from '../../mail/mime.ts';
import { type AttemptResult, detailOf, type Outcome } from '../../mail/outcome.ts';
import { deadlineSignal } from '../../platform/arrivals.ts';
import { defined } from '../../platform/defined.ts';
import { recipientBusy } from '../fact.ts';
import type { Attempt, Provider, ProviderContext } from '../provider.ts';
import { classifyFailure, classifyReply, type SmtpFailure } from './classify.ts';
import {
  type Envelope,
  hangUp,
  isAlive,
  isPrompt,
  open,
  type Session,
  type SmtpTarget,
  transmit,
} from './connection.ts';
import { health } from './health.ts';
import { IdleConnections } from './idle.ts';
import type { SmtpOptions } from './options.ts';

/** Creates a provider that sends through one SMTP server, and reuses keep-alive connections for further messages. */
export function create(context: ProviderContext<SmtpOptions>): Provider {
  const target = targetOf(context);
  const mayUtf8 = context.options.smtpUtf8 === true;
  const idle = new IdleConnections();
  return {
    async send(attempt) {
      if (context.sandbox) return logInOnly(target, attempt, idle);
      if (!mayUtf8 && supportedRecipients(attempt, false).length === 0) return { outcome: ENCODING };
      const begun = performance.now();
      const deadline = deadlineSignal(attempt.deadlineMs);
      const reused = idle.take();
      let first: Transaction | undefined;
      const answerTimeoutMs = reused && (await answerTimeout(reused, attempt, deadline));
      if (reused && answerTimeoutMs !== undefined) {
        first = await transact(reused, attempt, mayUtf8, idle, deadline, answerTimeoutMs);
        // A second transaction is begun only if half of the deadline is left. If the deadline ended a transaction after the body,
        // it would be unknown which recipients got the mail.
        const hasTime = performance.now() - begun < attempt.deadlineMs / 2;
        if (first.again.length === 0 || !hasTime) return first.result;
      }
      // Recipients that were refused on the reused connection are tried again on a new connection, where the server may accept
      // them. No body was sent for these recipients yet. Without a first transaction, all recipients are tried.
      const left = { ...attempt, recipients: first?.again ?? attempt.recipients };
      let session: Session;
      try {
        session = await open(target, attempt.connectMs, deadline);
      } catch (error) {
        const outcome = classifyFailure(error as SmtpFailure, { began: false, written: false });
        return joined(attempt, first, left.recipients, { outcome });
      }
      return joined(attempt, first, left.recipients, (await transact(session, left, mayUtf8, idle, deadline)).result);
    },
    health: (limits) => health(target, limits),
    close: () => idle.close(),
  };
}

/**
 * Returns the longest time to wait, in milliseconds, for the server's answer to the envelope on a reused connection; undefined if
 * the connection is dead. If the server answered the last envelope promptly, the connection is not tested, and the result leaves
 * enough time for a new connection. Otherwise the connection is tested first, which takes one round trip, and the result is
 * infinite.
 */
async function answerTimeout(
  reused: Session,
  { connectMs, deadlineMs }: Attempt,
  deadline: AbortSignal,
): Promise<number | undefined> {
  if (isPrompt(reused)) return Math.min(connectMs, deadlineMs / 3);
  const alive = await isAlive(reused.connection, AbortSignal.any([deadline, deadlineSignal(connectMs)]));
  return alive ? Number.POSITIVE_INFINITY : undefined;
}

/** Makes an attempt in the stage `sandbox`. SMTP has no test mode, so the attempt ends after the login, before MAIL FROM. */
async function logInOnly(target: SmtpTarget, attempt: Attempt, idle: IdleConnections): Promise<AttemptResult> {
  try {
    idle.keep(await open(target, attempt.connectMs, deadlineSignal(attempt.deadlineMs)));
    return { outcome: { kind: 'accepted', providerMessageId: `sandbox-${attempt.message.handle}` } };
  } catch (error) {
    return { outcome: classifyFailure(error as SmtpFailure, { began: false, written: false }) };
  }
}

/**
 * Outcome for an address that needs SMTPUTF8. The recipient is deferred and not refused, since a server may announce SMTPUTF8 on
 * one connection, but not on the next.
 */
const ENCODING: Outcome = {
  ...recipientBusy('address-encoding'),
  detail: 'the address needs SMTPUTF8, which the server does not announce or the option smtpUtf8 does not allow',
};

/**
 * Returns the recipients to which the message can be sent. With SMTPUTF8 these are all recipients. Without SMTPUTF8 these are the
 * recipients with ASCII addresses, or no recipients if an address in From or Reply-To is not ASCII.
 */
function supportedRecipients({ message, recipients }: Attempt, smtpUtf8: boolean): readonly string[] {
  if (smtpUtf8) return recipients;
  if (![message.from, ...message.replyTo].every(({ address }) => isAscii(address))) return [];
  return recipients.filter(isAscii);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/**
 * Joins the results of an attempt's two transactions. The result of the second transaction applies to the recipients in `again`,
 * and the result of the first transaction to all other recipients.
 */
function joined(
  { recipients }: Attempt,
  first: Transaction | undefined,
  again: readonly string[],
  { outcome, recipients: differing }: AttemptResult,
): AttemptResult {
  if (!first || again.length === recipients.length) return { outcome, ...defined({ recipients: differing }) };
  const second = again.map((one) => [one, differing?.get(one) ?? outcome] as const);
  return { outcome: first.result.outcome, recipients: new Map([...(first.result.recipients ?? []), ...second]) };
}

function targetOf({ options, secret, endpoint }: ProviderContext<SmtpOptions>): SmtpTarget {
  const tls = options.tls ?? (options.port === 465 ? 'implicit' : 'starttls');
  const port = options.port ?? (tls === 'implicit' ? 465 : 587);
  const override = endpoint ? new URL(endpoint) : undefined;
  const user = secret['username'];
  return {
    host: override?.hostname.replace(/^\[|\]$/g, '') ?? options.host,
    port: Number(override?.port || port),
    tls,
    clientName: options.clientName,
    login: user ? { user, pass: secret['password'] ?? '' } : undefined,
  };
}

/**
 * The errors of refused recipients, which nodemailer writes into our envelope object. If a later step fails, only this object
 * contains these errors.
 */
interface Refusals {
  readonly rejectedErrors?: readonly (SmtpFailure & { readonly recipient?: string })[];
}

/**
 * Result of a transaction. `again` contains the recipients for which no body was sent, and which the server may accept on another
 * connection.
 */
interface Transaction {
  readonly result: AttemptResult;
  readonly again: readonly string[];
}

async function transact(
  session: Session,
  attempt: Attempt,
  mayUtf8: boolean,
  idle: IdleConnections,
  deadline: AbortSignal,
  answerTimeoutMs = Number.POSITIVE_INFINITY,
): Promise<Transaction> {
  const { connection } = session;
  const smtpUtf8 = mayUtf8 && session.smtpUtf8;
  const to = supportedRecipients(attempt, smtpUtf8);
  const deferred = new Map(attempt.recipients.filter((one) => !to.includes(one)).map((one) => [one, ENCODING]));
  if (to.length === 0) {
    idle.keep(session);
    return { result: { outcome: ENCODING }, again: attempt.recipients };
  }
  const body = await (smtpUtf8 || hasAsciiHeader(attempt) ? attempt.mime() : asciiMime(attempt));
  const needsSmtpUtf8 = smtpUtf8 && !(hasAsciiHeader(attempt) && to.every(isAscii));
  const progress = { began: false, written: false };
  const envelope: Envelope & Refusals = {
    from: attempt.message.from.address,
    to: [...to],
    size: body.length,
    needsSmtpUtf8,
  };
  const withDeferred = ({ outcome, recipients = new Map() }: AttemptResult): AttemptResult =>
    deferred.size + recipients.size === 0
      ? { outcome }
      : { outcome, recipients: new Map([...recipients, ...deferred]) };
  try {
    const { response } = await transmit(session, envelope, body, progress, deadline, answerTimeoutMs);
    const refused = (envelope.rejectedErrors ?? []).flatMap(({ recipient }) => recipient ?? []);
    // After a refusal the session is not used again, since it may have reached a limit of the server.
    if (refused.length === 0) idle.keep(session);
    else hangUp(connection);
    const providerMessageId = queueIdOf(response) ?? attempt.message.messageId.replace(/^<|>$/g, '');
    const outcome: Outcome = { kind: 'accepted', providerMessageId, detail: detailOf(response) };
    return { result: withDeferred(merge(outcome, envelope, to)), again: refused };
  } catch (error) {
    const failure = error as SmtpFailure;
    // The state of a session after a failed transaction differs between servers, so the session is not used again.
    hangUp(connection);
    const outcome = classifyFailure(failure, progress);
    return {
      // With pipelined commands, a server that refuses the sender also refuses all recipients. These refusals say nothing about
      // the recipients, so they are ignored.
      result: withDeferred(failure.command === 'MAIL FROM' ? { outcome } : merge(outcome, envelope, to)),
      again: progress.began || !isWorthNewConnection(failure) ? [] : attempt.recipients,
    };
  }
}

/**
 * Whether the server may accept the message on another connection. The result is true after any reply of the server. Without a
 * reply, it is false after the deadline, and if nodemailer itself refused the message.
 */
function isWorthNewConnection({ code, response }: SmtpFailure): boolean {
  return response !== undefined ? true : code !== 'DEADLINE' && code !== 'EMESSAGE' && code !== 'EENVELOPE';
}

/** Whether every address in the headers is ASCII. All other parts of the headers are encoded, so they are always ASCII. */
function hasAsciiHeader({ message }: Attempt): boolean {
  return [message.from, ...message.replyTo, ...message.to, ...message.cc].every(({ address }) => isAscii(address));
}

/** Composes the MIME message. To and Cc contain only the addresses that do not need SMTPUTF8. */
function asciiMime({ message }: Attempt): Promise<Buffer> {
  const asciiOnly = (list: Message['to']) => list.filter(({ address }) => isAscii(address));
  return composeMime({ ...message, to: asciiOnly(message.to), cc: asciiOnly(message.cc) });
}

/**
 * Returns the result of a transaction: `outcome`, and a separate outcome for each recipient that the server refused at RCPT TO.
 */
function merge(outcome: Outcome, { rejectedErrors = [] }: Refusals, recipients: readonly string[]): AttemptResult {
  const refused = new Map<string, Outcome>();
  for (const { recipient, response } of rejectedErrors) {
    if (recipient !== undefined && response) refused.set(recipient, classifyReply('rcpt', response));
  }
  if (refused.size === 0) return { outcome };
  if (refused.size < recipients.length) return { outcome, recipients: refused };
  // All recipients were refused. The most severe outcome becomes the outcome of the whole call, for example an outcome that
  // blames the account.
  const [worst = outcome] = [...refused.values()].sort((a, b) => weight(b) - weight(a));
  for (const [recipient, own] of refused) {
    if (own.kind === worst.kind && 'reason' in own && 'reason' in worst && own.reason === worst.reason)
      refused.delete(recipient);
  }
  return refused.size === 0 ? { outcome: worst } : { outcome: worst, recipients: refused };
}

function weight(outcome: Outcome): number {
  if (outcome.kind === 'unavailable') return outcome.blames === 'account' ? 3 : 2;
  return outcome.kind === 'throttled' ? 1 : 0;
}

/** Patterns of the queue id in the reply 250 to the final dot (Postfix, Exim, sendmail, qmail, SES; observed 2026-11-23). */
const QUEUE_IDS = [
  /queued as\s+<?([^\s<>;,)]+)/i,
  /\bid=([\w.-]+)/i,
  /^250 2\.0\.0 (\S+) message accepted/i,
  /\bqp (\d+)/i,
  /^250 ok ([\da-f]{8,}[\da-f-]+)$/i,
];

function queueIdOf(response: SMTPConnectionSendInfo['response']): string | undefined {
  for (const pattern of QUEUE_IDS) {
    const id = pattern.exec(response)?.[1];
    if (id) return id;
  }
  return undefined;
}
