import { AUTHENTICATION, detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { account, meaningIn, message, outage, unknown } from '../fact.ts';
import { networkOutcome, retryAfter } from '../network.ts';
import { SMTP_FACTS, type SmtpStage } from './facts.ts';

/**
 * A failure as nodemailer reports it. Every field may be absent: the error of a reset connection, for example, does not contain a
 * command.
 */
export interface SmtpFailure {
  readonly code?: string | undefined;
  readonly originalCode?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly command?: string | undefined;
}

/** Progress of a transaction at the time of its failure. */
export interface SmtpProgress {
  /** True after the server has answered 354: the body is being sent, or was sent. */
  readonly began: boolean;
  /** True after the whole body and the final dot were written to the socket. */
  readonly written: boolean;
}

/**
 * Returns the outcome of a reply with which the server refused a command or the message. The text of all lines of the reply is
 * classified.
 */
export function classifyReply(stage: SmtpStage, reply: string): Outcome {
  const digits = reply.slice(0, 3);
  const text = textOf(readable(reply));
  const means = meaningIn(SMTP_FACTS, { at: stage, status: digits, code: enhancedCode(readable(reply)), text });
  const detail = detailOf(reply);
  // The reply is not valid at this stage: it is an unexpected 2xx or 3xx, or has no status. The server has accepted nothing.
  if (!means) return { ...outage('protocol'), detail };
  const waits = means.kind === 'throttled' || (means.kind === 'unavailable' && means.blames === 'account');
  return { ...means, ...(waits && retryAfter({}, text)), status: digits, detail };
}

/**
 * Returns the enhanced status code of a reply, which is at the start of any line, or in brackets in replies of qmail. Returns an
 * empty text if the reply has none.
 */
function enhancedCode(reply: string): string {
  const found = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/m.exec(reply) ?? /\(#([45]\.\d{1,3}\.\d{1,3})\b/.exec(reply);
  return found?.[1] ?? '';
}

/** Returns the text of a reply as one line, without the codes at the start of each line. */
function textOf(reply: string): string {
  return reply
    .replace(/^\d{3}[ -]?([245]\.\d{1,3}\.\d{1,3}\b)?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Returns the outcome of a failed connection, login or transaction. */
export function classifyFailure(failure: SmtpFailure, progress: SmtpProgress): Outcome {
  const { code, originalCode, response } = failure;
  if (response && /^[45]\d\d/.test(response)) {
    // A reply decides the outcome even after the final dot: a 4xx or 5xx (421 too) means that the server did not accept the mail.
    return classifyReply(stageOf(failure, progress), response);
  }
  const detail = detailOf(originalCode ?? code ?? 'no answer');
  if (progress.written) {
    if (response) return { ...unknown('unreadable-answer'), detail: detailOf(response) };
    const reason = code === 'ETIMEDOUT' || code === 'DEADLINE' ? 'no-answer' : 'connection-lost';
    return { ...unknown(reason), detail };
  }
  if (response) return classifyReply(stageOf(failure, progress), response);
  switch (code) {
    case 'EAUTH':
    case 'ENOAUTH':
      return { ...account(AUTHENTICATION), detail };
    case 'EMESSAGE':
      // The message is larger than the SIZE that the server announces, so nodemailer sent nothing (10.6.0, 2026-11-23).
      return { ...message('too-large'), detail };
    case 'EENVELOPE':
      return { ...message('address'), detail };
    case 'ETLS':
      return { ...outage('tls'), detail };
    case 'EPROTOCOL':
      return { ...outage('protocol'), detail };
    case 'DEADLINE':
      return { ...outage('no-answer'), detail };
  }
  if (progress.began || failure.command !== 'CONN') {
    return { ...outage('connection-lost'), detail };
  }
  // Network failures get the same reasons as at providers with an HTTP API.
  const cause = code === 'EDNS' || code === 'ETIMEDOUT' ? code : (originalCode ?? code ?? '');
  if (cause === 'ECONNRESET' || cause === 'ECONNECTION' || cause === 'EPIPE') {
    return { ...outage('connection-lost'), detail };
  }
  return networkOutcome({ connected: false, written: false, complete: false, failure: cause });
}

/** Returns the stage at which a reply arrived. The stage follows from the command in nodemailer's error (10.6.0, 2026-11-23). */
function stageOf({ code, command = '' }: SmtpFailure, { began }: SmtpProgress): SmtpStage {
  if (began || (command === 'DATA' && code === 'EMESSAGE')) return 'end';
  if (command === 'EHLO' || command === 'HELO') return 'ehlo';
  if (command === 'STARTTLS') return 'starttls';
  if (command.startsWith('AUTH')) return 'auth';
  if (command === 'MAIL FROM') return 'mail';
  if (command === 'RCPT TO') return 'rcpt';
  return command === 'DATA' ? 'data' : 'connect';
}
