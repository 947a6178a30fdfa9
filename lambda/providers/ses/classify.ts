import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { account, meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { WireTrace } from '../wire.ts';
import { SES_FACTS } from './facts.ts';

/** Result of one SendEmail call: its network events (`trace`), and the fields of the answer that the SDK has parsed. */
export interface SesAnswer {
  readonly trace: Readonly<WireTrace>;
  /** The field `MessageId` of a 2xx answer. */
  readonly messageId?: unknown;
  /** Name of the exception, without namespace. */
  readonly name?: string;
  /** The message of the exception, or the body of the answer if the body is not JSON. */
  readonly words?: string;
}

/** Returns the outcome of one SendEmail call. The function has no side effects. */
export function classify({ trace, messageId, name = '', words: fullText = '' }: SesAnswer): Outcome {
  const words = readable(fullText);
  const { status, headers } = trace;
  if (status === undefined && (trace.connected || trace.failure !== undefined)) return networkOutcome(trace);
  if (status !== undefined && status >= 200 && status < 300) {
    if (typeof messageId === 'string' && messageId !== '') return { kind: 'accepted', providerMessageId: messageId };
    if (!trace.complete) return networkOutcome(trace);
    return { ...unknown('no-message-id'), status: `${status}`, detail: detailOf(words || name) };
  }
  const answer = { status, headers, words: [name, words].filter(Boolean).join(': ') };
  // For a status of 500 or more, only the status is used: the body may be the error page of a gateway, or an internal error of
  // SES.
  const broken = status !== undefined && status >= 500 ? statusMeaning(status) : undefined;
  const means = broken ?? meaningIn(SES_FACTS, { status, code: name, text: words });
  if (means) return answerOutcome(means, answer);
  if (status === undefined) return networkOutcome(trace);
  const common = status < 400 ? account('wrong-url') : statusMeaning(status);
  if (common) return answerOutcome(common, answer);
  // The status shows that nothing was accepted. The answer was cut off, so its text, with the reason of the refusal, is not
  // known.
  if (!trace.complete) return answerOutcome(outage('answer-cut'), { ...answer, words: trace.failure ?? '' });
  return answerOutcome(UNRECOGNISED, answer);
}
