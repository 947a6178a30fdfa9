import { AUTHENTICATION, detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { account, meaningIn, message, outage, unknown } from '../fact.ts';
import { networkOutcome, retryAfter } from '../network.ts';
import { SMTP_FACTS, type SmtpStage } from './facts.ts';

/**
 * A failure as nodemailer reports it. Every field may be absent: the error of a reset connection, for example, does not tell the
 * stage.
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
  /** The server has answered 354, and the body is being sent. */
  readonly began: boolean;
  /** The whole body and the final dot were written to the socket. */
  readonly written: boolean;
}

/** Returns the outcome of a reply that does not accept the command. The text of all lines of the reply is classified. */
export function classifyReply(stage: SmtpStage, reply: string): Outcome {
  const digits = reply.slice(0, 3);
  const text = textOf(readable(reply));
  const means = meaningIn(SMTP_FACTS, { at: stage, status: digits, code: enhancedCode(readable(reply)), text });
  const detail = detailOf(reply);
  // The reply is not valid at this stage (an unexpected 2xx or 3xx, or other text), so the server has accepted nothing.
  if (!means) return { ...outage('protocol'), detail };
  const waits = means.kind === 'throttled' || (means.kind === 'unavailable' && means.blames === 'account');
  return { ...means, ...(waits && retryAfter({}, text)), status: digits, detail };
}

/**
 * Returns the enhanced status code of a reply: at the start of any line, or in brackets as qmail writes it. It is empty if the
 * reply has none.
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
    // After the final dot only the reply shows whether the mail was accepted. A 421 as the reply to the final dot is a refusal
    // too.
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
      // The message is larger than the server's SIZE, so nodemailer sent nothing (10.6.0, 2026-11-23).
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
  // Network failures get the same reasons as network failures of the providers with an HTTP API.
  const cause = code === 'EDNS' || code === 'ETIMEDOUT' ? code : (originalCode ?? code ?? '');
  if (cause === 'ECONNRESET' || cause === 'ECONNECTION' || cause === 'EPIPE') {
    return { ...outage('connection-lost'), detail };
  }
  return networkOutcome({ connected: false, written: false, complete: false, failure: cause });
}

/** Returns the stage to which a reply belongs. It follows from the command that nodemailer names (10.6.0, 2026-11-23). */
function stageOf({ code, command = '' }: SmtpFailure, { began }: SmtpProgress): SmtpStage {
  if (began || (command === 'DATA' && code === 'EMESSAGE')) return 'end';
  if (command === 'EHLO' || command === 'HELO') return 'ehlo';
  if (command === 'STARTTLS') return 'starttls';
  if (command.startsWith('AUTH')) return 'auth';
  if (command === 'MAIL FROM') return 'mail';
  if (command === 'RCPT TO') return 'rcpt';
  return command === 'DATA' ? 'data' : 'connect';
}
