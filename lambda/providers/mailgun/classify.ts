import { detailOf, type Outcome, readable } from '../../mail/outcome.ts';
import { meaningIn, outage, UNRECOGNISED, unknown } from '../fact.ts';
import { answerOutcome, networkOutcome, statusMeaning } from '../network.ts';
import type { WireTrace } from '../wire.ts';
import { MAILGUN_FACTS } from './facts.ts';

/** Result of one `messages.mime` call: the trace of the wire, and the words of the answer. */
export interface MailgunAnswer {
  readonly trace: Readonly<WireTrace>;
  /** `id` of a 2xx answer. */
  readonly id?: unknown;
  /** `message` of a JSON body, or the whole body of any other; the SDK's own words if nothing was sent. */
  readonly words?: string;
}

/** The outcome of one `messages.mime` call; pure. */
export function classify({ trace, id, words: said = '' }: MailgunAnswer): Outcome {
  const words = readable(said);
  const { status, headers } = trace;
  if (status === undefined && (trace.connected || trace.failure !== undefined)) return networkOutcome(trace);
  const success = status !== undefined && status >= 200 && status < 300;
  if (success && typeof id === 'string' && id.trim() !== '') {
    // Delivery events contain it without the angle brackets.
    return { kind: 'accepted', providerMessageId: id.trim().replace(/^<(.*)>$/, '$1') };
  }
  if (success && !trace.complete) return networkOutcome(trace);
  const answer = { status, headers, words };
  // The page of a broken gateway does not come from Mailgun.
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
  // The status says that nothing was accepted; the words with the reason are lost.
  if (!trace.complete) return answerOutcome(outage('answer-cut'), { ...answer, words: trace.failure ?? '' });
  return answerOutcome(UNRECOGNISED, answer);
}
