import type { IncomingHttpHeaders } from 'node:http';
import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { Watched } from '../wire.ts';
import { CODE_FACTS, STATUS_FACTS } from './facts.ts';

/** The fields of an answer of Postmark that could be read. */
interface PostmarkAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** ErrorCode in the body; 0 if the body has none. */
  readonly errorCode: number;
  readonly message: string;
  readonly messageId?: string;
}

/**
 * Returns the answer to a call; undefined if the answer is incomplete. Status and headers come from the network events, since the
 * SDK may hide them.
 */
export function wireAnswer({ result, error, trace }: Watched<unknown>): PostmarkAnswer | undefined {
  if (trace.status === undefined || !trace.complete) return undefined;
  // After every 2xx, the SDK returns a result, which is a string if the body is not JSON. After any other status, it throws an
  // error (postmark 5.1.0, 2026-11-23).
  const fields: Record<string, unknown> = Object(error ?? result);
  const errorCode = fields[error ? 'code' : 'ErrorCode'];
  const message = fields[error ? 'message' : 'Message'] ?? (typeof result === 'string' ? result : '');
  const messageId = error ? undefined : fields['MessageID'];
  return {
    status: trace.status,
    headers: trace.headers ?? {},
    errorCode: typeof errorCode === 'number' ? errorCode : 0,
    message: readable(String(message)),
    ...(typeof messageId === 'string' && messageId !== '' && { messageId }),
  };
}

/**
 * Returns the outcome of one call. ErrorCode 406 (inactive recipient) refuses the whole call. The outcome does not contain which
 * recipient is inactive, see {@link inactiveAmong}.
 */
export function classify(watched: Watched<unknown>): Outcome {
  const answer = wireAnswer(watched);
  if (answer) return classifyAnswer(answer);
  const { status } = watched.trace;
  // A status of 300 or more is used even if the rest of the answer was cut off.
  if (status !== undefined && status >= 300) {
    const means = status >= 500 ? statusMeaning(status) : undefined;
    return answerOutcome(means ?? outage('answer-cut'), { status, words: `status ${status}` });
  }
  return networkOutcome(watched.trace);
}

/** Returns the outcome of a complete answer. */
function classifyAnswer(answer: PostmarkAnswer): Outcome {
  const { status, headers, errorCode, message, messageId } = answer;
  const detail = detailOf(message);
  const known = errorCode === 0 ? undefined : meaningIn(CODE_FACTS, { status, code: errorCode, text: message });
  const httpAnswer = { status, headers, words: message, code: errorCode };
  if (status >= 200 && status < 300) {
    if (messageId && errorCode === 0) return { kind: 'accepted', providerMessageId: messageId, detail };
    if (messageId || !known) return { ...unknown('no-message-id'), status: `${status}`, detail };
    return answerOutcome(known, httpAnswer);
  }
  const means = known ?? statusMeaning(status);
  if (means) return answerOutcome(means, httpAnswer);
  return answerOutcome(meaningIn(STATUS_FACTS, { status, text: message }) ?? UNRECOGNISED, httpAnswer);
}

/** The two sentences in which Postmark lists inactive recipients (postmark 5.1.0 and recorded answers, 2026-11-23). */
const INACTIVE = [
  /Found inactive addresses: (.+?)\.?\s+Inactive/s,
  /these inactive addresses: (.+?)(?:\.?\s+Inactive|\.?\s*$)/s,
];

/** Whether the text of an answer is about inactive recipients. */
export function namesInactive(message: string): boolean {
  return /inactive (addresses|recipient)/i.test(message);
}

/**
 * Returns the recipients that the text of an answer lists as inactive. Upper case and lower case make no difference, since
 * Postmark may change them.
 */
export function inactiveAmong(recipients: readonly string[], message: string): string[] {
  const list = INACTIVE.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined);
  const named = new Set((list ?? '').split(',').map((part) => part.replace(/[<>]/g, '').trim().toLowerCase()));
  return recipients.filter((recipient) => named.has(recipient.toLowerCase()));
}
