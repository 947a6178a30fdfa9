import type { IncomingHttpHeaders } from 'node:http';
import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { Watched } from '../wire.ts';
import { CODE_FACTS, STATUS_FACTS } from './facts.ts';

/** An answer of Postmark as far as it could be read. */
interface PostmarkAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** 0 if the body has none. */
  readonly errorCode: number;
  readonly message: string;
  readonly messageId?: string;
}

/** The answer on the wire, independent of the SDK's reading; undefined if it is not complete. */
export function wireAnswer({ result, error, trace }: Watched<unknown>): PostmarkAnswer | undefined {
  if (trace.status === undefined || !trace.complete) return undefined;
  // A 2xx resolves even if it is not JSON (then with a string); everything else throws (postmark 5.1.0, 2026-11-23).
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

/** The outcome of one call. A 406 counts here for every recipient; the caller narrows it down. */
export function classify(watched: Watched<unknown>): Outcome {
  const answer = wireAnswer(watched);
  if (answer) return classifyAnswer(answer);
  const { status } = watched.trace;
  // A status of refusal counts even if the rest of the answer is cut off.
  if (status !== undefined && status >= 300) {
    const means = status >= 500 ? statusMeaning(status) : undefined;
    return answerOutcome(means ?? outage('answer-cut'), { status, words: `status ${status}` });
  }
  return networkOutcome(watched.trace);
}

/** The outcome of a complete answer. */
function classifyAnswer(answer: PostmarkAnswer): Outcome {
  const { status, headers, errorCode, message, messageId } = answer;
  const detail = detailOf(message);
  const known = errorCode === 0 ? undefined : meaningIn(CODE_FACTS, { status, code: errorCode, text: message });
  const told = { status, headers, words: message, code: errorCode };
  if (status >= 200 && status < 300) {
    if (messageId && errorCode === 0) return { kind: 'accepted', providerMessageId: messageId, detail };
    if (messageId || !known) return { ...unknown('no-message-id'), status: `${status}`, detail };
    return answerOutcome(known, told);
  }
  const means = known ?? statusMeaning(status);
  if (means) return answerOutcome(means, told);
  return answerOutcome(meaningIn(STATUS_FACTS, { status, text: message }) ?? UNRECOGNISED, told);
}

/** Postmark's two sentences that list inactive recipients (postmark 5.1.0 and recorded answers, 2026-11-23). */
const INACTIVE = [
  /Found inactive addresses: (.+?)\.?\s+Inactive/s,
  /these inactive addresses: (.+?)(?:\.?\s+Inactive|\.?\s*$)/s,
];

/** Whether a sentence is about inactive recipients. */
export function namesInactive(message: string): boolean {
  return /inactive (addresses|recipient)/i.test(message);
}

/** Recipients that a sentence calls inactive; Postmark may change their case. */
export function inactiveAmong(recipients: readonly string[], message: string): string[] {
  const list = INACTIVE.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined);
  const named = new Set((list ?? '').split(',').map((part) => part.replace(/[<>]/g, '').trim().toLowerCase()));
  return recipients.filter((recipient) => named.has(recipient.toLowerCase()));
}
