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

/** Creates a provider that relays through one SMTP server, and keeps connections open for the next message. */
export function create(context: ProviderContext<SmtpOptions>): Provider {
  const target = targetOf(context);
  const mayUtf8 = context.options.smtpUtf8 === true;
  const idle = new IdleConnections();
  return {
    async send(attempt) {
      if (context.sandbox) return offerNothing(target, attempt, idle);
      if (!mayUtf8 && carriedBy(attempt, false).length === 0) return { outcome: ENCODING };
      const begun = performance.now();
      const deadline = deadlineSignal(attempt.deadlineMs);
      const kept = idle.take();
      let first: Transaction | undefined;
      const answerTimeoutMs = kept && (await answerTimeout(kept, attempt, deadline));
      if (kept && answerTimeoutMs !== undefined) {
        first = await transact(kept, attempt, mayUtf8, idle, deadline, answerTimeoutMs);
        // A second transaction needs half of the deadline. If the deadline cut it off after the body, it would be unknown which
        // recipients got the mail.
        const hasTime = performance.now() - begun < attempt.deadlineMs / 2;
        if (first.again.length === 0 || !hasTime) return first.result;
      }
      // The refused recipients are tried again on a new connection, where the server may accept them. No body was sent to these
      // recipients yet.
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
 * Returns how long to wait for the answer to an envelope on a kept connection, in milliseconds; undefined if the connection is
 * dead. If the server was slow before, the connection is tested first, which costs a round trip. If the server was prompt before,
 * the envelope itself is the test; its time limit leaves time for another connection.
 */
async function answerTimeout(
  kept: Session,
  { connectMs, deadlineMs }: Attempt,
  deadline: AbortSignal,
): Promise<number | undefined> {
  if (isPrompt(kept)) return Math.min(connectMs, deadlineMs / 3);
  const alive = await isAlive(kept.connection, AbortSignal.any([deadline, deadlineSignal(connectMs)]));
  return alive ? Number.POSITIVE_INFINITY : undefined;
}

/**
 * Makes an attempt in the stage `sandbox`. SMTP has no test mode, so the attempt ends after the login, before any recipient is
 * named.
 */
async function offerNothing(target: SmtpTarget, attempt: Attempt, idle: IdleConnections): Promise<AttemptResult> {
  try {
    idle.keep(await open(target, attempt.connectMs, deadlineSignal(attempt.deadlineMs)));
    return { outcome: { kind: 'accepted', providerMessageId: `sandbox-${attempt.message.handle}` } };
  } catch (error) {
    return { outcome: classifyFailure(error as SmtpFailure, { began: false, written: false }) };
  }
}

/**
 * Outcome for an address that needs SMTPUTF8. The recipient is deferred and not refused, since a server may offer SMTPUTF8 on one
 * connection and not on the next connection.
 */
const ENCODING: Outcome = {
  ...recipientBusy('address-encoding'),
  detail: 'the server does not offer SMTPUTF8, which the address needs',
};

/**
 * Returns the recipients that a server can serve. With SMTPUTF8 these are all recipients. Otherwise these are the recipients with
 * ASCII addresses, if From and Reply-To are ASCII too.
 */
function carriedBy({ message, recipients }: Attempt, smtpUtf8: boolean): readonly string[] {
  if (smtpUtf8) return recipients;
  if (![message.from, ...message.replyTo].every(({ address }) => isAscii(address))) return [];
  return recipients.filter(isAscii);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/**
 * Joins the results of an attempt with two transactions. The outcome of the second transaction applies to the recipients in
 * `again`.
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
 * Errors of refused recipients. nodemailer writes them into our envelope object; if a later step fails, only this object contains
 * these errors.
 */
interface Refusals {
  readonly rejectedErrors?: readonly (SmtpFailure & { readonly recipient?: string })[];
}

/**
 * Result of a transaction, and the recipients that were refused before the body (`again`). The server may accept them on another
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
  const to = carriedBy(attempt, smtpUtf8);
  const beyond = new Map(attempt.recipients.filter((one) => !to.includes(one)).map((one) => [one, ENCODING]));
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
  const withBeyond = ({ outcome, recipients = new Map() }: AttemptResult): AttemptResult =>
    beyond.size + recipients.size === 0 ? { outcome } : { outcome, recipients: new Map([...recipients, ...beyond]) };
  try {
    const { response } = await transmit(session, envelope, body, progress, deadline, answerTimeoutMs);
    const refused = (envelope.rejectedErrors ?? []).flatMap(({ recipient }) => recipient ?? []);
    // After a refusal the session is not kept, since it may have reached a limit of the server.
    if (refused.length === 0) idle.keep(session);
    else hangUp(connection);
    const providerMessageId = queueIdOf(response) ?? attempt.message.messageId.replace(/^<|>$/g, '');
    const outcome: Outcome = { kind: 'accepted', providerMessageId, detail: detailOf(response) };
    return { result: withBeyond(merge(outcome, envelope, to)), again: refused };
  } catch (error) {
    const failure = error as SmtpFailure;
    // The state of a session after a refused transaction differs between servers, so the next message gets a new session.
    hangUp(connection);
    const outcome = classifyFailure(failure, progress);
    return {
      // With pipelined commands, a server that refuses the sender also refuses all recipients. This says nothing about the
      // recipients.
      result: withBeyond(failure.command === 'MAIL FROM' ? { outcome } : merge(outcome, envelope, to)),
      again: progress.began || !mayBeOther(failure) ? [] : attempt.recipients,
    };
  }
}

/**
 * Whether the server may accept the message on another connection: false after the deadline, and if nodemailer itself refused the
 * message.
 */
function mayBeOther({ code, response }: SmtpFailure): boolean {
  return response !== undefined ? true : code !== 'DEADLINE' && code !== 'EMESSAGE' && code !== 'EENVELOPE';
}

/** Whether every address in the header is ASCII. All other header fields are encoded, so they are always ASCII. */
function hasAsciiHeader({ message }: Attempt): boolean {
  return [message.from, ...message.replyTo, ...message.to, ...message.cc].every(({ address }) => isAscii(address));
}

/** Composes the MIME message with only the addresses in To and Cc that do not need SMTPUTF8. */
function asciiMime({ message }: Attempt): Promise<Buffer> {
  const carried = (list: Message['to']) => list.filter(({ address }) => isAscii(address));
  return composeMime({ ...message, to: carried(message.to), cc: carried(message.cc) });
}

/** Returns the outcome of a transaction, and a separate outcome for every recipient that the server refused by itself. */
function merge(outcome: Outcome, { rejectedErrors = [] }: Refusals, recipients: readonly string[]): AttemptResult {
  const refused = new Map<string, Outcome>();
  for (const { recipient, response } of rejectedErrors) {
    if (recipient !== undefined && response) refused.set(recipient, classifyReply('rcpt', response));
  }
  if (refused.size === 0) return { outcome };
  if (refused.size < recipients.length) return { outcome, recipients: refused };
  // All recipients were refused. The worst outcome, such as an outcome that blames the account, applies to the whole call.
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

/** Patterns of the queue id in a server's final 250 (Postfix, Exim, sendmail, qmail, SES; observed 2026-11-23). */
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
