import type { IncomingHttpHeaders } from 'node:http';
import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { account, meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { WireTrace } from '../wire.ts';
import { SENDGRID_FACTS } from './facts.ts';

/** Result of one call: the trace of the wire, and the body of an answer that was read to its end. */
export interface SendgridAnswer {
  readonly trace: Readonly<WireTrace>;
  readonly body?: string;
}

/** One error of an answer. */
interface SendgridError {
  readonly message: string;
  /** Path of the refused field in our JSON. */
  readonly field: string;
}

/** The errors of an answer; none for a body in another form. */
export function errorsIn({ body = '' }: SendgridAnswer): readonly SendgridError[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  const list: unknown = Object(parsed)['errors'];
  if (!Array.isArray(list)) return [];
  // Version 2 of the API has plain sentences in place of objects.
  return (list as readonly unknown[]).map((error) => {
    const { message, field } = Object(error) as { message?: unknown; field?: unknown };
    return {
      message: readable(typeof error === 'string' ? error : String(message ?? '')),
      field: typeof field === 'string' ? field : '',
    };
  });
}

/** The outcome of one `POST /v3/mail/send`; pure. */
export function classify(result: SendgridAnswer): Outcome {
  const { trace, body = '' } = result;
  const { status, headers = {} } = trace;
  if (status === undefined) return networkOutcome(trace);
  if (status >= 200 && status < 300) return successOutcome(result, status);
  const errors = errorsIn(result);
  const words = errors.length > 0 ? errors.map(errorText).join('; ') : readable(body);
  const answer = { status, headers: withRetryAfter(headers), words };
  // The page of a broken gateway does not come from SendGrid.
  const broken = status >= 500 ? statusMeaning(status) : undefined;
  const read = errors.length > 0 ? errors : [{ message: words, field: '' }];
  const parts = read.map(({ message, field }) => ({ at: field, status, text: message.trim() }));
  const means = broken ?? meaningIn(SENDGRID_FACTS, ...parts) ?? statusMeaning(status);
  if (means) return answerOutcome(means, answer);
  // The status says that nothing was accepted; the words with the reason are lost.
  if (!trace.complete) return answerOutcome(outage('answer-cut'), { ...answer, words: trace.failure ?? '' });
  return answerOutcome(UNRECOGNISED, answer);
}

/** A 202 with an id is an acceptance, whatever became of the rest of the answer, which has no content. */
function successOutcome({ trace, body = '' }: SendgridAnswer, status: number): Outcome {
  const id = trace.headers?.['x-message-id'];
  const messageId = typeof id === 'string' ? id.trim() : '';
  if (status === 202 && messageId !== '') return { kind: 'accepted', providerMessageId: messageId };
  if (!trace.complete) return networkOutcome(trace);
  const detail = detailOf(body);
  // "Your message is valid, but it is not queued": sandbox mode only (mail-send/errors, 2026-11-28).
  if (status === 200 && messageId === '' && /^\s*(\{\s*\})?\s*$/.test(body))
    return { ...account('sandbox'), status: '200', detail };
  return { ...unknown('no-message-id'), status: `${status}`, detail };
}

function errorText({ message, field }: SendgridError): string {
  return field === '' ? message : `${field}: ${message}`;
}

/**
 * The headers with SendGrid's end of a limit, in seconds of the epoch, as a Retry-After
 * (how-to-use-the-sendgrid-v3-api/rate-limits, 2026-11-28).
 */
function withRetryAfter(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const reset = Number(headers['x-ratelimit-reset']);
  if (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] !== '0' || !(reset > 0)) return headers;
  const until = new Date(reset * 1000);
  return Number.isNaN(until.getTime()) ? headers : { ...headers, 'retry-after': until.toUTCString() };
}
