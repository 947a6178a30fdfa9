import type { Outcome } from '../mail/outcome.ts';
import type { ProviderAccount } from '../providers/account.ts';

/**
 * Result of an attempt for one recipient.
 *
 * - `-`: the recipient was not in the call to the provider.
 * - `a`: the provider accepted the message.
 * - `n`: not accepted, because the provider throttled or was unavailable, or was not called.
 * - `f`: the provider failed after it had received the whole request.
 * - `r`: the provider refused the message.
 * - `u`: the provider refused the message with a text that Mailover does not know.
 * - `d`: the provider refused the mailbox, but Mailover doubts that such refusals of this provider are correct.
 * - `s`: the provider refused the recipient, so the recipient is suppressed (gets no mail from any provider).
 * - `?`: the answer of the provider was lost, or has not arrived yet.
 */
export type ResultLetter = '-' | 'a' | 'n' | 'f' | 'r' | 'u' | 'd' | 's' | '?';

/**
 * One attempt to send the message through one provider. The worker and the number together identify the attempt. An attempt
 * without `ended` has no recorded outcome.
 */
export interface StoredAttempt {
  readonly worker: string;
  /** Number of the attempt within the submission, counted from 1. Two workers may use the same number. */
  readonly number: number;
  readonly provider: string;
  /** The account to which the provider key referred when the attempt was made. */
  readonly account: ProviderAccount;
  /** When the attempt began, in epoch milliseconds. */
  readonly begun: number;
  /**
   * A {@link ResultLetter} for each recipient, in the order To, Cc, Bcc, without repeated addresses. If all recipients have the
   * same letter, the text contains this letter only once.
   */
  readonly each: string;
  /**
   * Number of redrives before this attempt; absent for 0. In a redrive, an operator moves the message from the dead-letter queue
   * back to the outbound queue.
   */
  readonly redrive?: number;
  /** When the attempt ended, in epoch milliseconds. */
  readonly ended?: number;
  readonly outcome?: Outcome['kind'];
  readonly blames?: string;
  readonly reason?: string;
  /**
   * Status of the provider's answer, and the text of the answer (`words`), without any part of the message. Only the newest text
   * from each provider is kept.
   */
  readonly status?: string;
  readonly words?: string;
  readonly providerMessageId?: string;
  /** The attempt failed, but the provider may have accepted the message. */
  readonly maybeTaken?: true;
  /**
   * Groups of recipients that each need a separate call to the provider, as positions of the recipients. Only the newest groups
   * of each provider are kept.
   */
  readonly apart?: readonly (readonly number[])[];
  /** Number of failed queries to the provider about the unknown outcome of this attempt. */
  readonly asked?: number;
  /** The provider is not asked again about the unknown outcome of the attempt. */
  readonly settled?: true;
}

/**
 * Log of the attempts of one submission. The position of a recipient is an index, from 0, in the list of all addresses in To, Cc
 * and Bcc without repeated addresses.
 */
export interface AttemptLog {
  /** Attempts in the order of their numbers; see {@link KEPT_ATTEMPTS}. */
  readonly attempts: readonly StoredAttempt[];
  /**
   * Positions of the recipients for which nothing is left to do: a provider has accepted the message for the recipient, or the
   * recipient is suppressed and this was reported to the producer.
   */
  readonly done: readonly number[];
  /** Number of redrives from the dead-letter queue. Refusals before the last redrive do not count. */
  readonly redrives: number;
}

export const EMPTY_LOG: AttemptLog = { attempts: [], done: [], redrives: 0 };

/**
 * Number of newest attempts that are always kept. An older attempt is dropped if its result letters are only `-`, `a` and `n`, or
 * if an earlier attempt at the same provider has the same letters. This is needed because four days of retries through four
 * providers are several hundred attempts.
 */
const KEPT_ATTEMPTS = 50;

/**
 * Largest number of attempts in a record. A submission with more attempts is sent to the dead-letter queue. A record with this
 * number of attempts and 1,000 recipients has about 300 KB.
 */
export const MOST_ATTEMPTS = 150;

/** Returns the letter for the result of an attempt for the recipient at the position `place`. */
export function letterAt(each: string, place: number): ResultLetter {
  return (each.length === 1 ? each : (each[place] ?? '-')) as ResultLetter;
}

/** Returns the result letters of an attempt in the form in which the record stores them: a single letter if all letters are the same. */
export function joinLetters(letters: readonly ResultLetter[]): string {
  return new Set(letters).size === 1 ? (letters[0] as ResultLetter) : letters.join('');
}

/** Returns the number of attempts so far, including attempts that the log no longer contains. */
export function countOf({ attempts }: AttemptLog): number {
  return attempts.at(-1)?.number ?? 0;
}

/**
 * Returns the log with one attempt added. The attempt replaces an earlier version of the same attempt. If it has a text or
 * groups, the texts or groups of earlier attempts at the same provider are removed.
 */
export function withAttempt(log: AttemptLog, attempt: StoredAttempt): AttemptLog {
  const others = log.attempts.flatMap((one) => {
    if (idOf(one) === idOf(attempt)) return [];
    if (one.provider !== attempt.provider) return one;
    const { words, apart, ...left } = one;
    return { ...left, ...(words && !attempt.words && { words }), ...(apart && !attempt.apart && { apart }) };
  });
  return { ...log, attempts: bounded([...others, attempt]) };
}

/** Returns the log with the recipients at the positions `places` marked as done. */
export function withDone(log: AttemptLog, places: readonly number[]): AttemptLog {
  return places.length === 0 ? log : { ...log, done: [...new Set([...log.done, ...places])].sort((a, b) => a - b) };
}

/** Merges two logs of the same submission. If both logs contain an attempt, the later result of the attempt replaces the earlier result. */
export function mergeLogs(a: AttemptLog, b: AttemptLog): AttemptLog {
  const known = new Map<string, StoredAttempt>();
  for (const one of [...a.attempts, ...b.attempts]) {
    const other = known.get(idOf(one));
    known.set(idOf(one), other ? later(other, one) : one);
  }
  const attempts = [...known.values()].sort((x, y) => x.number - y.number || x.begun - y.begun);
  return { ...withDone(a, b.done), attempts: bounded(attempts), redrives: Math.max(a.redrives, b.redrives) };
}

/**
 * Returns the log in which every attempt without a recorded outcome is marked as interrupted. Its outcome is then unknown, since
 * the worker of the attempt has ended.
 */
export function endInterrupted(log: AttemptLog, now: number): AttemptLog {
  const attempts = log.attempts.map(
    (one): StoredAttempt =>
      one.ended === undefined ? { ...one, ended: now, outcome: 'unknown', reason: INTERRUPTED } : one,
  );
  return { ...log, attempts };
}

export const INTERRUPTED = 'interrupted';
export const FOUND = 'found';

/**
 * Returns the log for a submission that is reopened after a redrive. Earlier refusals no longer count, and providers are asked
 * again about unknown outcomes.
 */
export function reopened(log: AttemptLog): AttemptLog {
  const attempts = log.attempts.map(({ asked: _asked, settled: _settled, ...one }) => one);
  return { ...log, attempts, redrives: log.redrives + 1 };
}

/** Returns the identity of an attempt within its submission. */
export function idOf({ worker, number }: StoredAttempt): string {
  return `${worker} ${number}`;
}

/**
 * Merges two versions of one attempt. The result has all fields of the later version, and the fields that only the earlier
 * version has, apart from the end and the outcome of the earlier version. If the result letter of the later version is `?`, the
 * letter of the earlier version is used.
 */
function later(a: StoredAttempt, b: StoredAttempt): StoredAttempt {
  const [less, more] = rank(a) > rank(b) ? [b, a] : [a, b];
  const { ended: _ended, outcome: _outcome, blames: _blames, reason: _reason, ...others } = less;
  const letters = Array.from({ length: Math.max(less.each.length, more.each.length) }, (_, place) => {
    const letter = letterAt(more.each, place);
    return letter === '?' ? letterAt(less.each, place) : letter;
  });
  return { ...others, ...more, each: joinLetters(letters) };
}

/**
 * Returns the rank of a version of an attempt; a later version has a higher rank. The states of an attempt, from the lowest rank:
 * it has begun; it is marked as interrupted; its own worker has recorded the outcome; a query or a delivery event has shown that
 * the provider accepted the message. If two versions are in the same state, the version with more queries has the higher rank.
 */
function rank({ ended, reason, asked = 0 }: StoredAttempt): number {
  if (ended === undefined) return 0;
  return (reason === FOUND ? 3_000 : reason === INTERRUPTED ? 1_000 : 2_000) + asked;
}

function bounded(attempts: readonly StoredAttempt[]): readonly StoredAttempt[] {
  const seen = new Set<string>();
  return attempts.filter(({ provider, redrive, each }, place) => {
    if (place >= attempts.length - KEPT_ATTEMPTS) return true;
    const letters = each.replace(/[an]/g, '-');
    const key = `${provider} ${redrive} ${letters}`;
    if (/^-*$/.test(letters) || seen.has(key)) return false;
    return seen.add(key);
  });
}
