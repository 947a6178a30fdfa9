import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { WireTrace } from '../wire.ts';
import { MAILGUN_FACTS } from './facts.ts';

/** Result of one `messages.mime` call: its network events (`trace`), and the fields of the answer. */
export interface MailgunAnswer {
  readonly trace: Readonly<WireTrace>;
  /** The field `id` of a 2xx answer. */
  readonly id?: unknown;
  /**
   * The field `message` of a JSON body, or the whole body if it is not JSON. If nothing was sent, the text of the SDK's error.
   */
  readonly words?: string;
}

/** Returns the outcome of one `messages.mime` call. The function has no side effects. */
export function classify({ trace, id, words: fullText = '' }: MailgunAnswer): Outcome {
  const words = readable(fullText);
  const { status, headers } = trace;
  if (status === undefined && (trace.connected || trace.failure !== undefined)) return networkOutcome(trace);
  const success = status !== undefined && status >= 200 && status < 300;
  if (success && typeof id === 'string' && id.trim() !== '') {
    // Delivery events contain the id without the angle brackets.
    return { kind: 'accepted', providerMessageId: id.trim().replace(/^<(.*)>$/, '$1') };
  }
  if (success && !trace.complete) return networkOutcome(trace);
  const answer = { status, headers, words };
  // For a status of 500 or more, only the status is used: the body may be the error page of a gateway.
  const broken = status !== undefined && status >= 500 ? statusMeaning(status) : undefined;
  const means = broken ?? meaningIn(MAILGUN_FACTS, { status, text: words });
  if (success) {
    // After a 2xx without an id, the mail may have been accepted, unless the text is Mailgun's answer to a wrong URL.
    if (means && 'reason' in means && means.reason === 'wrong-url') return answerOutcome(means, answer);
    return { ...unknown('no-message-id'), status: `${status}`, detail: detailOf(words) };
  }
  if (means) return answerOutcome(means, answer);
  if (status === undefined) return networkOutcome(trace);
  const common = statusMeaning(status);
  if (common) return answerOutcome(common, answer);
  // The status shows that nothing was accepted. The answer was cut off, so its text, with the reason of the refusal, is not
  // known.
  if (!trace.complete) return answerOutcome(outage('answer-cut'), { ...answer, words: trace.failure ?? '' });
  return answerOutcome(UNRECOGNISED, answer);
}
