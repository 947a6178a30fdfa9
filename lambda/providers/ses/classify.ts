import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { account, meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { WireTrace } from '../wire.ts';
import { SES_FACTS } from './facts.ts';

/** Result of one SendEmail call: its network events (`trace`), and the answer as the SDK has read it. */
export interface SesAnswer {
  readonly trace: Readonly<WireTrace>;
  /** `MessageId` of a 2xx answer. */
  readonly messageId?: unknown;
  /** Exception name, without namespace. */
  readonly name?: string;
  /** The message of the exception, or the body of the answer if the body is not JSON. */
  readonly words?: string;
}

/** Returns the outcome of one SendEmail call. A pure function. */
export function classify({ trace, messageId, name = '', words: said = '' }: SesAnswer): Outcome {
  const words = readable(said);
  const { status, headers } = trace;
  if (status === undefined && (trace.connected || trace.failure !== undefined)) return networkOutcome(trace);
  if (status !== undefined && status >= 200 && status < 300) {
    if (typeof messageId === 'string' && messageId !== '') return { kind: 'accepted', providerMessageId: messageId };
    if (!trace.complete) return networkOutcome(trace);
    return { ...unknown('no-message-id'), status: `${status}`, detail: detailOf(words || name) };
  }
  const answer = { status, headers, words: [name, words].filter(Boolean).join(': ') };
  // With a status of 500 or more, the status alone gives the meaning: the body may be the page of a broken gateway, or an
  // internal error of SES.
  const broken = status !== undefined && status >= 500 ? statusMeaning(status) : undefined;
  const means = broken ?? meaningIn(SES_FACTS, { status, code: name, text: words });
  if (means) return answerOutcome(means, answer);
  if (status === undefined) return networkOutcome(trace);
  const common = status < 400 ? account('wrong-url') : statusMeaning(status);
  if (common) return answerOutcome(common, answer);
  // The status means that nothing was accepted. The answer was cut off, so the text with the reason of the refusal is lost.
  if (!trace.complete) return answerOutcome(outage('answer-cut'), { ...answer, words: trace.failure ?? '' });
  return answerOutcome(UNRECOGNISED, answer);
}
