import { MAX_DEAD_LETTER_DETAIL } from '../contract/dead-letter.ts';
import type { Mailbox, Message } from '../mail/message.ts';
import { type AttemptResult, mapOutcomes, type Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import type { StoredAttempt } from '../submission/log.ts';

/** Largest number of characters of the text of a provider's answer that are stored in the submission's record. */
const MAX_WORDS = 300;
/**
 * The text of a provider's answer is searched for the whole subject, and for a start of the subject of at least this number of
 * characters.
 */
const LEAST_SUBJECT = 8;

/**
 * Returns the result of an attempt. In the texts of the provider's answer, the names, the subject and the file names of the
 * message are replaced by placeholders.
 */
export function withoutPrivateText(result: AttemptResult, message: Message): AttemptResult {
  return mapOutcomes(result, (one) => (one.detail ? { ...one, detail: cleanWords(one.detail, message) } : one));
}

/**
 * Returns the status and the text of an answer in the form in which the submission's record stores them. Both are from the first
 * outcome that is not `accepted` and has a status or a text.
 */
export function storedAnswer(outcomes: readonly Outcome[]): Pick<StoredAttempt, 'status' | 'words'> {
  const answered = outcomes.find((one) => one.kind !== 'accepted' && (one.detail || one.status !== undefined));
  if (answered === undefined || answered.kind === 'accepted') return {};
  const { status, detail } = answered;
  return defined({ status, words: detail ? detail.slice(0, MAX_WORDS) : undefined });
}

/**
 * Returns `sentence`, followed by the status and the text of the last answer of each provider. The result has at most
 * {@link MAX_DEAD_LETTER_DETAIL} characters.
 */
export function withLastAnswers(sentence: string, attempts: readonly StoredAttempt[]): string {
  const byProvider = new Map<string, StoredAttempt>();
  for (const one of attempts) {
    const { provider, outcome, reason, words } = one;
    // The result shows the last answer of each provider. An attempt that was accepted without a text, or that ended before the
    // provider was called (`not-tried`), must not replace an earlier answer of this provider.
    const isSilent =
      words === undefined && (outcome === 'accepted' || (reason === 'not-tried' && byProvider.has(provider)));
    if (outcome !== undefined && !isSilent) byProvider.set(provider, one);
  }
  const last = [...byProvider.values()];
  const share = Math.floor((MAX_DEAD_LETTER_DETAIL - sentence.length) / last.length);
  return [sentence, ...last.map((one) => inWords(one).slice(0, Math.max(0, share - 2)))]
    .join('; ')
    .slice(0, MAX_DEAD_LETTER_DETAIL);
}

function inWords({ provider, status, reason = 'no answer', words }: StoredAttempt): string {
  // The text of an SMTP reply begins with the status, so the status is not shown twice.
  const shown = status === undefined || words?.startsWith(status) ? '' : ` ${status}`;
  return `${provider}${words || shown ? '' : ` ${reason}`}${shown}${words ? `: ${words}` : ''}`;
}

function cleanWords(words: string, message: Message): string {
  const { from, to, cc, bcc, replyTo, subject, attachments } = message;
  const names = [from, ...to, ...cc, ...bcc, ...replyTo].flatMap(({ name }: Mailbox) => name ?? []);
  const files = attachments.map(({ filename }) => filename);
  let clean = withoutSubject(words, subject);
  for (const name of names) clean = without(clean, name, '<name>');
  for (const file of files) clean = without(clean, file, '<file>');
  return clean;
}

/**
 * Replaces the subject by a placeholder. If the text contains only a start of the subject, the longest start is replaced, since
 * providers quote only the start of a long subject.
 */
function withoutSubject(words: string, subject: string): string {
  const lowerCase = words.toLowerCase();
  const plain = subject.replace(/\s+/g, ' ').trim().toLowerCase();
  for (let length = plain.length; length > 0; length--) {
    if (length < LEAST_SUBJECT && length < plain.length) break;
    if (lowerCase.includes(plain.slice(0, length))) return without(words, plain.slice(0, length), '<subject>');
  }
  return words;
}

/**
 * Replaces `text` by a placeholder, in upper and in lower case, but only where it is a whole word or several whole words.
 * Otherwise a name of one letter would damage other words.
 */
function without(words: string, text: string, placeholder: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  if (plain === '') return words;
  const pattern = plain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return words.replace(new RegExp(`(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`, 'giu'), placeholder);
}
