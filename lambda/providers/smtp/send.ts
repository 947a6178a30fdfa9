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

/** A provider that relays through one SMTP server, with connections kept for the next message. */
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
      const patienceMs = kept && (await patienceWith(kept, attempt, deadline));
      if (kept && patienceMs !== undefined) {
        first = await transact(kept, attempt, mayUtf8, idle, deadline, patienceMs);
        // A call that is cut off after the body would leave it unknown whether the recipients were served.
        const hasTime = performance.now() - begun < attempt.deadlineMs / 2;
        if (first.again.length === 0 || !hasTime) return first.result;
      }
      // A refusal before the body on a kept connection says nothing about the next one, and nothing was sent.
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
 * How long the answer to an envelope on a kept connection may take, in milliseconds; undefined if the connection is dead.
 * A server that was slow before is asked first, which costs a round trip; any other shows by its answer that it is there,
 * with time left for another connection.
 */
async function patienceWith(
  kept: Session,
  { connectMs, deadlineMs }: Attempt,
  deadline: AbortSignal,
): Promise<number | undefined> {
  if (isPrompt(kept)) return Math.min(connectMs, deadlineMs / 3);
  const alive = await isAlive(kept.connection, AbortSignal.any([deadline, deadlineSignal(connectMs)]));
  return alive ? Number.POSITIVE_INFINITY : undefined;
}

/** SMTP has no test mode: the attempt ends after the login, before any recipient is named. */
async function offerNothing(target: SmtpTarget, attempt: Attempt, idle: IdleConnections): Promise<AttemptResult> {
  try {
    idle.keep(await open(target, attempt.connectMs, deadlineSignal(attempt.deadlineMs)));
    return { outcome: { kind: 'accepted', providerMessageId: `sandbox-${attempt.message.handle}` } };
  } catch (error) {
    return { outcome: classifyFailure(error as SmtpFailure, { began: false, written: false }) };
  }
}

/** No vote against the message: a server may offer SMTPUTF8 at one connection and not at the next. */
const ENCODING: Outcome = {
  ...recipientBusy('address-encoding'),
  detail: 'the server does not offer SMTPUTF8, which the address needs',
};

/** The recipients that a server can serve: all with SMTPUTF8, otherwise the ASCII ones if the sender is ASCII. */
function carriedBy({ message, recipients }: Attempt, smtpUtf8: boolean): readonly string[] {
  if (smtpUtf8) return recipients;
  if (![message.from, ...message.replyTo].every(({ address }) => isAscii(address))) return [];
  return recipients.filter(isAscii);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** The result for all recipients of an attempt, some of which were sent to again. */
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

/** Refusals that nodemailer writes into its argument: the only place to find them when a later step fails. */
interface Refusals {
  readonly rejectedErrors?: readonly (SmtpFailure & { readonly recipient?: string })[];
}

/** One transaction, and the recipients that it did not serve before the body: another connection may accept them. */
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
  patienceMs = Number.POSITIVE_INFINITY,
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
    const { response } = await transmit(session, envelope, body, progress, deadline, patienceMs);
    const refused = (envelope.rejectedErrors ?? []).flatMap(({ recipient }) => recipient ?? []);
    // A session at its limit accepts nothing more.
    if (refused.length === 0) idle.keep(session);
    else hangUp(connection);
    const providerMessageId = queueIdOf(response) ?? attempt.message.messageId.replace(/^<|>$/g, '');
    const outcome: Outcome = { kind: 'accepted', providerMessageId, detail: detailOf(response) };
    return { result: withBeyond(merge(outcome, envelope, to)), again: refused };
  } catch (error) {
    const failure = error as SmtpFailure;
    // The state after a refused transaction differs between servers; the next message gets a new session.
    hangUp(connection);
    const outcome = classifyFailure(failure, progress);
    return {
      // With pipelined commands, the recipients of a refused sender are refused as a consequence: that says nothing about
      // them.
      result: withBeyond(failure.command === 'MAIL FROM' ? { outcome } : merge(outcome, envelope, to)),
      again: progress.began || !mayBeOther(failure) ? [] : attempt.recipients,
    };
  }
}

/**
 * Whether another connection may accept what was refused here: the message was not refused by nodemailer for its size or
 * envelope.
 */
function mayBeOther({ code, response }: SmtpFailure): boolean {
  return response !== undefined ? true : code !== 'DEADLINE' && code !== 'EMESSAGE' && code !== 'EENVELOPE';
}

/** Whether every address in the header is ASCII: all other fields are encoded. */
function hasAsciiHeader({ message }: Attempt): boolean {
  return [message.from, ...message.replyTo, ...message.to, ...message.cc].every(({ address }) => isAscii(address));
}

/** The MIME with To and Cc reduced to addresses that do not need SMTPUTF8. */
function asciiMime({ message }: Attempt): Promise<Buffer> {
  const carried = (list: Message['to']) => list.filter(({ address }) => isAscii(address));
  return composeMime({ ...message, to: carried(message.to), cc: carried(message.cc) });
}

/** Gives every separately refused recipient its own outcome. */
function merge(outcome: Outcome, { rejectedErrors = [] }: Refusals, recipients: readonly string[]): AttemptResult {
  const refused = new Map<string, Outcome>();
  for (const { recipient, response } of rejectedErrors) {
    if (recipient !== undefined && response) refused.set(recipient, classifyReply('rcpt', response));
  }
  if (refused.size === 0) return { outcome };
  if (refused.size < recipients.length) return { outcome, recipients: refused };
  // No recipient is left: an outcome that blames the provider applies to the whole call, the others to their recipients.
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

/** Names of the queue file in a server's final 250 (Postfix, Exim, sendmail, qmail, SES; observed 2026-11-23). */
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
