import { MAX_DEAD_LETTER_DETAIL } from '../contract/dead-letter.ts';
import type { Mailbox, Message } from '../mail/message.ts';
import { type AttemptResult, mapOutcomes, type Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import type { StoredAttempt } from '../submission/log.ts';

/** Characters of an answer that the record keeps. */
const MAX_WORDS = 300;
/** Least number of characters by which a subject is recognised in a provider's words. */
const LEAST_SUBJECT = 8;

/** The result of an attempt, with names, subject and file names of the message removed from the provider's words. */
export function cleaned(result: AttemptResult, message: Message): AttemptResult {
  return mapOutcomes(result, (one) => (one.detail ? { ...one, detail: cleanWords(one.detail, message) } : one));
}

/** The part of an answer that the record keeps: the words for recipients who were not served. */
export function storedAnswer(outcomes: readonly Outcome[]): Pick<StoredAttempt, 'status' | 'words'> {
  const answered = outcomes.find((one) => one.kind !== 'accepted' && (one.detail || one.status !== undefined));
  if (answered === undefined || answered.kind === 'accepted') return {};
  const { status, detail } = answered;
  return defined({ status, words: detail ? detail.slice(0, MAX_WORDS) : undefined });
}

/**
 * A sentence followed by status and last words of each provider, at most {@link MAX_DEAD_LETTER_DETAIL} characters in
 * all.
 */
export function withLastWords(sentence: string, attempts: readonly StoredAttempt[]): string {
  const byProvider = new Map<string, StoredAttempt>();
  for (const one of attempts) {
    const { provider, outcome, reason, words } = one;
    // An attempt that served or left all its recipients says nothing about those that an earlier one refused.
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
  // A reply over SMTP begins with its status.
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

/** Removes the subject; providers quote only the start of a long one. */
function cut(words: string, subject: string): string {
  const said = words.toLowerCase();
  const plain = subject.replace(/\s+/g, ' ').trim().toLowerCase();
  for (let length = plain.length; length > 0; length--) {
    if (length < LEAST_SUBJECT && length < plain.length) break;
    if (said.includes(plain.slice(0, length))) return without(words, plain.slice(0, length), '<subject>');
  }
  return words;
}

/** Replaces whole words only, in any case: a name of one letter must not damage the sentence. */
function without(words: string, text: string, placeholder: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  if (plain === '') return words;
  const pattern = plain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return words.replace(new RegExp(`(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`, 'giu'), placeholder);
}
