import type { IncomingHttpHeaders } from 'node:http';
import { detailOf, type Outcome } from '../../mail/outcome.ts';
import { networkOutcome, retryAfter, statusOutcome } from '../network.ts';
import type { Watched } from '../wire.ts';
import { CODE_FACTS, type PostmarkFact, STATUS_FACTS, UNSEEN_STATUS } from './facts.ts';

/** An answer of Postmark as far as it could be read. */
interface PostmarkAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** 0 if the body has none. */
  readonly errorCode: number;
  readonly message: string;
  readonly messageId?: string;
}

/** What came back over the wire, whatever the SDK made of it; undefined if there is no whole answer. */
export function answerOf({ result, error, trace }: Watched<unknown>): PostmarkAnswer | undefined {
  if (trace.status === undefined || !trace.complete) return undefined;
  // A 2xx resolves even when it is not JSON (then with a string); everything else throws (postmark 5.1.0, 2026-11-23).
  const fields: Record<string, unknown> = Object(error ?? result);
  const errorCode = fields[error ? 'code' : 'ErrorCode'];
  const message = fields[error ? 'message' : 'Message'] ?? (typeof result === 'string' ? result : '');
  const messageId = error ? undefined : fields['MessageID'];
  return {
    status: trace.status,
    headers: trace.headers ?? {},
    errorCode: typeof errorCode === 'number' ? errorCode : 0,
    message: String(message),
    ...(typeof messageId === 'string' && messageId !== '' && { messageId }),
  };
}

/** The outcome of one call. A 406 reads here as if it concerned every recipient; the sender of it knows better. */
export function classify(watched: Watched<unknown>): Outcome {
  const answer = answerOf(watched);
  if (answer) return classifyAnswer(answer);
  const { status } = watched.trace;
  // A status line that says no is a no, even when the rest is cut off.
  if (status !== undefined && status >= 300) {
    return { kind: 'unavailable', blames: 'outage', reason: 'answer-cut', detail: detailOf(`status ${status}`) };
  }
  return networkOutcome(watched.trace);
}

/** The outcome of a whole answer. */
function classifyAnswer(answer: PostmarkAnswer): Outcome {
  const { status, headers, errorCode, message, messageId } = answer;
  const detail = detailOf(message);
  if (status >= 200 && status < 300) {
    if (messageId && errorCode === 0) return { kind: 'accepted', providerMessageId: messageId, detail };
    const known = messageId ? undefined : CODE_FACTS.find((fact) => fact.codes && matches(fact, answer));
    if (!known) return { kind: 'unknown', reason: 'no-message-id', detail };
    return { ...known.verdict, detail };
  }
  const fact = errorCode === 0 ? undefined : CODE_FACTS.find((row) => matches(row, answer));
  if (fact?.verdict.kind === 'throttled') return { ...fact.verdict, ...retryAfter(headers, message), detail };
  if (fact) return { ...fact.verdict, detail };
  const common = statusOutcome(status, headers, message);
  if (common) return common;
  const { verdict } = STATUS_FACTS.find((row) => matches(row, { ...answer, errorCode: 0 })) ?? UNSEEN_STATUS;
  return { ...verdict, detail };
}

function matches(fact: PostmarkFact, { status, errorCode, message }: PostmarkAnswer): boolean {
  return (
    (fact.codes?.includes(errorCode) ?? true) &&
    (fact.statuses?.includes(status) ?? true) &&
    (fact.text?.test(message) ?? true)
  );
}

/** Postmark's two sentences that list inactive recipients (postmark 5.1.0 and recorded answers, 2026-11-23). */
const INACTIVE = [
  /Found inactive addresses: (.+?)\.?\s+Inactive/s,
  /these inactive addresses: (.+?)(?:\.?\s+Inactive|\.?\s*$)/s,
];

/** Whether a sentence speaks of inactive recipients at all. */
export function namesInactive(message: string): boolean {
  return /inactive (addresses|recipient)/i.test(message);
}

/** Which of the recipients a sentence names as inactive; case is Postmark's, not ours. */
export function inactiveAmong(recipients: readonly string[], message: string): string[] {
  const list = INACTIVE.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined);
  const named = new Set((list ?? '').split(',').map((part) => part.replace(/[<>]/g, '').trim().toLowerCase()));
  return recipients.filter((recipient) => named.has(recipient.toLowerCase()));
}
