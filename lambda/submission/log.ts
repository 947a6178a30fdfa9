import type { Outcome } from '../mail/outcome.ts';
import type { ProviderAccount } from '../providers/account.ts';

/**
 * Result of an attempt for one recipient: not offered, accepted, nothing learned, failed after the whole request,
 * refused, refused in unknown words, mailbox denied by a doubted provider, suppressed, or unknown.
 */
export type Letter = '-' | 'a' | 'n' | 'f' | 'r' | 'u' | 'd' | 's' | '?';

/** One attempt: worker and number are its unique id. Without `ended` its outcome has not been recorded. */
export interface StoredAttempt {
  readonly worker: string;
  /** Counts the attempts of the submission, from 1; two workers may use the same number. */
  readonly number: number;
  readonly provider: string;
  /** Account of the provider key at that time. */
  readonly account: ProviderAccount;
  /** Epoch milliseconds. */
  readonly begun: number;
  /** A {@link Letter} for each recipient, in the order To, Cc, Bcc without repeats; one letter if all have the same. */
  readonly each: string;
  /** Number of redrives before this attempt; absent for 0. */
  readonly redrive?: number;
  /** Epoch milliseconds. */
  readonly ended?: number;
  readonly outcome?: Outcome['kind'];
  readonly blames?: string;
  readonly reason?: string;
  /** Status of the answer, and its text without any part of the message; the newest text of each provider only. */
  readonly status?: string;
  readonly words?: string;
  readonly providerMessageId?: string;
  /** A failure that may hide an acceptance. */
  readonly maybeTaken?: true;
  /** Groups of recipients, by position, to be offered by themselves; the newest groups of each provider only. */
  readonly apart?: readonly (readonly number[])[];
  /** Number of queries about its unknown outcome that had no result. */
  readonly asked?: number;
  /** No query can add anything to its unknown outcome. */
  readonly settled?: true;
}

/** Knowledge about one submission; positions count To, Cc and Bcc without repeats, from 0. */
export interface AttemptLog {
  /** Attempts in the order of their numbers; see {@link KEPT_ATTEMPTS}. */
  readonly attempts: readonly StoredAttempt[];
  /** Positions of recipients who were served, or whose suppression was reported. */
  readonly done: readonly number[];
  /** Number of redrives from the dead-letter queue: refusals from before the last one do not count. */
  readonly redrives: number;
}

export const EMPTY_LOG: AttemptLog = { attempts: [], done: [], redrives: 0 };

/**
 * Number of attempts that are kept in any case. Of older ones, only the first of each provider with the same letters is
 * kept, unless nothing was learned from it: four days of retries through four providers are several hundred attempts.
 */
const KEPT_ATTEMPTS = 50;

/** A submission with more kept attempts ends: with 1,000 recipients its record has about 300 KB. */
export const MOST_ATTEMPTS = 150;

/** Letter of the recipient at a position. */
export function letterAt(each: string, place: number): Letter {
  return (each.length === 1 ? each : (each[place] ?? '-')) as Letter;
}

/** The letters as they are stored. */
export function joinLetters(letters: readonly Letter[]): string {
  return new Set(letters).size === 1 ? (letters[0] as Letter) : letters.join('');
}

/** Number of attempts so far, including those that are no longer kept. */
export function countOf({ attempts }: AttemptLog): number {
  return attempts.at(-1)?.number ?? 0;
}

/** The log with a new attempt, or with what is known of it now. */
export function withAttempt(log: AttemptLog, attempt: StoredAttempt): AttemptLog {
  const others = log.attempts.flatMap((one) => {
    if (idOf(one) === idOf(attempt)) return [];
    if (one.provider !== attempt.provider) return one;
    const { words, apart, ...left } = one;
    return { ...left, ...(words && !attempt.words && { words }), ...(apart && !attempt.apart && { apart }) };
  });
  return { ...log, attempts: bounded([...others, attempt]) };
}

/** The log with more recipients marked as done. */
export function withDone(log: AttemptLog, places: readonly number[]): AttemptLog {
  return places.length === 0 ? log : { ...log, done: [...new Set([...log.done, ...places])].sort((a, b) => a - b) };
}

/** Merges the logs of two copies. The later result of an attempt replaces the earlier one. */
export function mergeLogs(a: AttemptLog, b: AttemptLog): AttemptLog {
  const known = new Map<string, StoredAttempt>();
  for (const one of [...a.attempts, ...b.attempts]) {
    const other = known.get(idOf(one));
    known.set(idOf(one), other ? later(other, one) : one);
  }
  const attempts = [...known.values()].sort((x, y) => x.number - y.number || x.begun - y.begun);
  return { ...withDone(a, b.done), attempts: bounded(attempts), redrives: Math.max(a.redrives, b.redrives) };
}

/** The log with every attempt that was begun and never ended marked as interrupted: its worker has ended. */
export function endInterrupted(log: AttemptLog, now: number): AttemptLog {
  const attempts = log.attempts.map(
    (one): StoredAttempt =>
      one.ended === undefined ? { ...one, ended: now, outcome: 'unknown', reason: INTERRUPTED } : one,
  );
  return { ...log, attempts };
}

export const INTERRUPTED = 'interrupted';
export const FOUND = 'found';

/** The log for another try from the start: refusals no longer count, and providers are asked about unknown outcomes. */
export function reopened(log: AttemptLog): AttemptLog {
  const attempts = log.attempts.map(({ asked: _asked, settled: _settled, ...one }) => one);
  return { ...log, attempts, redrives: log.redrives + 1 };
}

/** Identity of an attempt within its submission. */
export function idOf({ worker, number }: StoredAttempt): string {
  return `${worker} ${number}`;
}

/** Merges two versions of one attempt: the fields of the later version, and those that only the other one has. */
function later(a: StoredAttempt, b: StoredAttempt): StoredAttempt {
  const [less, more] = rank(a) > rank(b) ? [b, a] : [a, b];
  const { ended: _ended, outcome: _outcome, blames: _blames, reason: _reason, ...others } = less;
  const letters = Array.from({ length: Math.max(less.each.length, more.each.length) }, (_, place) => {
    const letter = letterAt(more.each, place);
    return letter === '?' ? letterAt(less.each, place) : letter;
  });
  return { ...others, ...more, each: joinLetters(letters) };
}

/** Begun, marked as interrupted, ended by its own worker, found by a query; of two like that, the one asked about more. */
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
