import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection';
import type { SmtpOptions } from '../../contract/providers.ts';
import { type AttemptResult, detailOf, type Outcome } from '../../mail/outcome.ts';
import type { Attempt, Provider, ProviderContext } from '../provider.ts';
import { classifyFailure, classifyReply, type SmtpFailure } from './classify.ts';
import { hangUp, isAlive, open, type SmtpTarget, transmit } from './connection.ts';
import { health } from './health.ts';
import { IdleConnections } from './idle.ts';

/** A provider that relays over SMTP to one server, with connections kept for the next mail. */
export function create(context: ProviderContext<SmtpOptions>): Provider {
  const target = targetOf(context);
  const idle = new IdleConnections();
  return {
    async send(attempt) {
      const addresses = [attempt.message.from.address, ...attempt.recipients];
      if (!context.options.smtpUtf8 && addresses.some((address) => /[^ -~]/.test(address))) {
        return { outcome: { kind: 'refused', blames: 'message', reason: 'address-encoding' } };
      }
      const body = await attempt.mime();
      const deadline = AbortSignal.timeout(attempt.deadlineMs);
      const kept = idle.take();
      if (kept && (await isAlive(kept, AbortSignal.any([deadline, AbortSignal.timeout(attempt.connectMs)])))) {
        const { result, lostBeforeData } = await transact(kept, attempt, body, idle, deadline);
        if (!lostBeforeData || deadline.aborted) return result;
      }
      let connection: SMTPConnection;
      try {
        connection = await open(target, attempt.connectMs, deadline);
      } catch (error) {
        return { outcome: classifyFailure(error as SmtpFailure, { began: false, written: false }) };
      }
      return (await transact(connection, attempt, body, idle, deadline)).result;
    },
    health: (limits) => health(target, limits),
    close: () => idle.close(),
  };
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

/** nodemailer fills in what it was given: the only place where refusals are found when a later step fails. */
interface Envelope {
  readonly from: string;
  readonly to: string[];
  readonly size: number;
  readonly rejectedErrors?: readonly (SmtpFailure & { readonly recipient?: string })[];
}

async function transact(
  connection: SMTPConnection,
  { message, recipients }: Attempt,
  body: Buffer,
  idle: IdleConnections,
  deadline: AbortSignal,
): Promise<{ result: AttemptResult; lostBeforeData: boolean }> {
  const progress = { began: false, written: false };
  const envelope: Envelope = { from: message.from.address, to: [...recipients], size: body.length };
  try {
    const { response } = await transmit(connection, envelope, body, progress, deadline);
    idle.keep(connection);
    const providerMessageId = queueIdOf(response) ?? message.messageId.replace(/^<|>$/g, '');
    const outcome: Outcome = { kind: 'accepted', providerMessageId, detail: detailOf(response) };
    return { result: merge(outcome, envelope, recipients), lostBeforeData: false };
  } catch (error) {
    const failure = error as SmtpFailure;
    // The state of a refused transaction differs between servers; the next mail gets a clean session.
    hangUp(connection);
    const lost = !failure.response || failure.response.startsWith('421');
    const outcome = classifyFailure(failure, progress);
    return {
      // Where commands are pipelined, the recipients of a refused sender are refused for want of one: that tells nothing.
      result: failure.command === 'MAIL FROM' ? { outcome } : merge(outcome, envelope, recipients),
      lostBeforeData: lost && !progress.began && isConnectionFailure(failure),
    };
  }
}

function isConnectionFailure({ code }: SmtpFailure): boolean {
  return code !== 'EMESSAGE' && code !== 'DEADLINE';
}

/** Gives every recipient that was refused by itself its own outcome. */
function merge(outcome: Outcome, { rejectedErrors = [] }: Envelope, recipients: readonly string[]): AttemptResult {
  const refused = new Map<string, Outcome>();
  for (const { recipient, response } of rejectedErrors) {
    if (recipient !== undefined && response) refused.set(recipient, classifyReply('rcpt', response));
  }
  if (refused.size === 0) return { outcome };
  if (refused.size < recipients.length) return { outcome, recipients: refused };
  // Nobody is left: what blames the provider holds for the whole call, and the rest stands beside it.
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

/** How servers name the queue file in their final 250 (Postfix, Exim, sendmail, qmail, SES; observed 2026-11-23). */
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
