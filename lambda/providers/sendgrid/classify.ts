import type { IncomingHttpHeaders } from 'node:http';
import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { account, meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { WireTrace } from '../wire.ts';
import { SENDGRID_FACTS } from './facts.ts';

/** Result of one call: its network events (`trace`), and the body of the answer if the whole answer was read. */
export interface SendgridAnswer {
  readonly trace: Readonly<WireTrace>;
  readonly body?: string;
}

/** An error in an answer. */
interface SendgridError {
  readonly message: string;
  /** Path of the refused field in the JSON of our request. */
  readonly field: string;
}

/** Returns the errors in an answer; an empty list if the body contains no list of errors. */
export function errorsIn({ body = '' }: SendgridAnswer): readonly SendgridError[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  const list: unknown = Object(parsed)['errors'];
  if (!Array.isArray(list)) return [];
  // In version 2 of the API, an error is a text, and not an object.
  return (list as readonly unknown[]).map((error) => {
    const { message, field } = Object(error) as { message?: unknown; field?: unknown };
    return {
      message: readable(typeof error === 'string' ? error : String(message ?? '')),
      field: typeof field === 'string' ? field : '',
    };
  });
}

/** Returns the outcome of one `POST /v3/mail/send`. The function has no side effects. */
export function classify(result: SendgridAnswer): Outcome {
  const { trace, body = '' } = result;
  const { status, headers = {} } = trace;
  if (status === undefined) return networkOutcome(trace);
  if (status >= 200 && status < 300) return successOutcome(result, status);
  const errors = errorsIn(result);
  const words = errors.length > 0 ? errors.map(errorText).join('; ') : readable(body);
  const answer = { status, headers: withRetryAfter(headers), words };
  // For a status of 500 or more, only the status is used: the body may be the error page of a gateway.
  const broken = status >= 500 ? statusMeaning(status) : undefined;
  const read = errors.length > 0 ? errors : [{ message: words, field: '' }];
  const parts = read.map(({ message, field }) => ({ at: field, status, text: message.trim() }));
  const means = broken ?? meaningIn(SENDGRID_FACTS, ...parts) ?? statusMeaning(status);
  if (means) return answerOutcome(means, answer);
  // The status shows that nothing was accepted. The answer was cut off, so its text, with the reason of the refusal, is not
  // known.
  if (!trace.complete) return answerOutcome(outage('answer-cut'), { ...answer, words: trace.failure ?? '' });
  return answerOutcome(UNRECOGNISED, answer);
}

/**
 * Returns the outcome of a 2xx answer. A 202 with an id in its headers is an acceptance even if the body is lost, since the body
 * of a 202 is empty.
 */
function successOutcome({ trace, body = '' }: SendgridAnswer, status: number): Outcome {
  const id = trace.headers?.['x-message-id'];
  const messageId = typeof id === 'string' ? id.trim() : '';
  if (status === 202 && messageId !== '') return { kind: 'accepted', providerMessageId: messageId };
  if (!trace.complete) return networkOutcome(trace);
  const detail = detailOf(body);
  // SendGrid answers 200 only in sandbox mode: "Your message is valid, but it is not queued" (mail-send/errors, 2026-11-28).
  if (status === 200 && messageId === '' && /^\s*(\{\s*\})?\s*$/.test(body))
    return { ...account('sandbox'), status: '200', detail };
  return { ...unknown('no-message-id'), status: `${status}`, detail };
}

function errorText({ message, field }: SendgridError): string {
  return field === '' ? message : `${field}: ${message}`;
}

/**
 * Returns the headers of an answer. If a rate limit is used up, the header Retry-After is added. Its value is calculated from
 * SendGrid's own header `x-ratelimit-reset`, which is the time in epoch seconds at which the limit is reset
 * (how-to-use-the-sendgrid-v3-api/rate-limits, 2026-11-28).
 */
function withRetryAfter(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const reset = Number(headers['x-ratelimit-reset']);
  if (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] !== '0' || !(reset > 0)) return headers;
  const until = new Date(reset * 1000);
  return Number.isNaN(until.getTime()) ? headers : { ...headers, 'retry-after': until.toUTCString() };
}
