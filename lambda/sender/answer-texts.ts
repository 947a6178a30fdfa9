import { MAX_DEAD_LETTER_DETAIL } from '../contract/dead-letter.ts';
import type { Mailbox, Message } from '../mail/message.ts';
import { type AttemptResult, mapOutcomes, type Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import type { StoredAttempt } from '../submission/log.ts';

/** Largest number of characters of a provider's answer that the submission's record keeps. */
const MAX_WORDS = 300;
/** A start of the subject that is shorter than this number of characters is not searched for in the text of a provider's answer. */
const LEAST_SUBJECT = 8;

/** Returns the result of an attempt without the names, the subject and the file names of the message in the texts of the provider's answer. */
export function withoutPrivateText(result: AttemptResult, message: Message): AttemptResult {
  return mapOutcomes(result, (one) => (one.detail ? { ...one, detail: cleanWords(one.detail, message) } : one));
}

/**
 * Returns the status and the text of an answer, as the submission's record keeps them. They come from the first outcome that is not
 * `accepted` and has a status or a text.
 */
export function storedAnswer(outcomes: readonly Outcome[]): Pick<StoredAttempt, 'status' | 'words'> {
  const answered = outcomes.find((one) => one.kind !== 'accepted' && (one.detail || one.status !== undefined));
  if (answered === undefined || answered.kind === 'accepted') return {};
  const { status, detail } = answered;
  return defined({ status, words: detail ? detail.slice(0, MAX_WORDS) : undefined });
}

/**
 * Returns a sentence, followed by the status and the text of the last answer of each provider. The result has at most
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
  let clean = cut(words, subject);
  for (const name of names) clean = without(clean, name, '<name>');
  for (const file of files) clean = without(clean, file, '<file>');
  return clean;
}

/** Removes the subject, or the longest start of the subject, since providers quote only the start of a long subject. */
function cut(words: string, subject: string): string {
  const said = words.toLowerCase();
  const plain = subject.replace(/\s+/g, ' ').trim().toLowerCase();
  for (let length = plain.length; length > 0; length--) {
    if (length < LEAST_SUBJECT && length < plain.length) break;
    if (said.includes(plain.slice(0, length))) return without(words, plain.slice(0, length), '<subject>');
  }
  return words;
}

/** Replaces a text only where it stands as whole words, in upper or lower case. Otherwise a name of one letter would damage other words. */
function without(words: string, text: string, placeholder: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  if (plain === '') return words;
  const pattern = plain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return words.replace(new RegExp(`(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`, 'giu'), placeholder);
}
