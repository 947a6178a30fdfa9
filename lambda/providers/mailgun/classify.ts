import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { WireTrace } from '../wire.ts';
import { MAILGUN_FACTS } from './facts.ts';

/** Result of one `messages.mime` call: its network events (`trace`), and the text of the answer. */
export interface MailgunAnswer {
  readonly trace: Readonly<WireTrace>;
  /** `id` of a 2xx answer. */
  readonly id?: unknown;
  /** `message` of a JSON body, or the whole body if the body is not JSON. If nothing was sent, the text of the SDK's error. */
  readonly words?: string;
}

/** Returns the outcome of one `messages.mime` call. A pure function. */
export function classify({ trace, id, words: said = '' }: MailgunAnswer): Outcome {
  const words = readable(said);
  const { status, headers } = trace;
  if (status === undefined && (trace.connected || trace.failure !== undefined)) return networkOutcome(trace);
  const success = status !== undefined && status >= 200 && status < 300;
  if (success && typeof id === 'string' && id.trim() !== '') {
    // Delivery events contain the id without the angle brackets.
    return { kind: 'accepted', providerMessageId: id.trim().replace(/^<(.*)>$/, '$1') };
  }
  if (success && !trace.complete) return networkOutcome(trace);
  const answer = { status, headers, words };
  // With a status of 500 or more, the status alone gives the meaning: the body may be the page of a broken gateway.
  const broken = status !== undefined && status >= 500 ? statusMeaning(status) : undefined;
  const means = broken ?? meaningIn(MAILGUN_FACTS, { status, text: words });
  if (success) {
    // A 2xx without an id may mean that the mail was accepted, unless the text is Mailgun's answer to a wrong URL.
    if (means && 'reason' in means && means.reason === 'wrong-url') return answerOutcome(means, answer);
    return { ...unknown('no-message-id'), status: `${status}`, detail: detailOf(words) };
  }
  if (means) return answerOutcome(means, answer);
  if (status === undefined) return networkOutcome(trace);
  const common = statusMeaning(status);
  if (common) return answerOutcome(common, answer);
  // The status means that nothing was accepted. The answer was cut off, so the text with the reason of the refusal is lost.
  if (!trace.complete) return answerOutcome(outage('answer-cut'), { ...answer, words: trace.failure ?? '' });
  return answerOutcome(UNRECOGNISED, answer);
}
