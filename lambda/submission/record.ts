import { createHash } from 'node:crypto';
import type { DeadLetterReason } from '../contract/dead-letter.ts';
import type { Submission } from '../contract/submission.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Item, NewItem } from '../platform/table.ts';
import type { Account } from '../providers/account.ts';
import { type Carried, join, lastOf, NOTHING_CARRIED, type Vote } from './carried.ts';
import { isReplaced, type Lineage } from './lineage.ts';

/** One attempt in the record; without `ended` its outcome has not been recorded. */
export interface StoredAttempt {
  readonly number: number;
  readonly provider: string;
  /** Account that the provider key stood for at that time. */
  readonly account: Account;
  /** Epoch milliseconds. */
  readonly begun: number;
  /** Positions of the recipients that were offered; absent if all were. */
  readonly recipients?: readonly number[];
  /** Epoch milliseconds. */
  readonly ended?: number;
  readonly outcome?: Outcome['kind'];
  readonly blames?: string;
  readonly reason?: string;
  /**
   * Status of the answer, and its text without any part of the message; the newest text of each provider only.
   */
  readonly status?: string;
  readonly words?: string;
  readonly providerMessageId?: string;
  /** A failure that may hide an acceptance. */
  readonly maybeTaken?: true;
  /**
   * Was marked interrupted, then its own worker reported the outcome. Copies that still list this attempt as unknown may
   * drop it.
   */
  readonly cleared?: true;
}

/**
 * Record of one submission in the state table. Fields are only ever added: older and newer releases read and write it
 * side by side.
 */
export interface SubmissionRecord extends Item {
  /** Hash of the content: the same id with another hash is a conflict. */
  readonly hash: string;
  /** Id of the SQS message that created this record, or reopened it from the dead-letter queue. */
  readonly origin: string;
  /** When the submission was first received, in epoch milliseconds. */
  readonly firstSeen: number;
  readonly state: 'open' | 'done' | 'dead';
  /** Set in state `dead`. */
  readonly reason?: DeadLetterReason;
  /** Worker that wrote this last; writers of delivery events leave it unchanged. */
  readonly worker: string;
  /** Messages that may continue the submission; if `unknown`, every copy may. */
  readonly lineage: Lineage | 'unknown';
  /** Claim of a worker: after `until` (epoch milliseconds) its invocation has certainly ended. */
  readonly lease?: { readonly owner: string; readonly until: number };
  /** The newest attempts, at most {@link KEPT_ATTEMPTS}. */
  readonly attempts: readonly StoredAttempt[];
  readonly carried: Carried;
  /**
   * Keys of the providers that accepted what this submission supersedes, or may have, over the whole chain; latest last.
   */
  readonly had?: readonly string[];
  /** Message ids in delivery events about this submission, by provider key. */
  readonly reported?: Readonly<Record<string, string>>;
}

/**
 * Largest number of attempts in one record: four days of retries through four providers are several hundred attempts.
 */
export const KEPT_ATTEMPTS = 50;

/** Whether a received message may be worked on, according to the submission's record. */
export type ClaimState =
  /** No worker has claimed the submission yet. */
  | { readonly kind: 'new' }
  /**
   * May be claimed: `carried` is the result of all earlier rounds, including interrupted attempts. `fresh` are the
   * providers of attempts that are now found to be interrupted, because the lease has ended.
   */
  | {
      readonly kind: 'continues';
      readonly entry: SubmissionRecord;
      readonly carried: Carried;
      readonly fresh: ReadonlySet<string>;
    }
  /** The submission has ended, or another message continues it: this message is a late copy. */
  | { readonly kind: 'over' }
  /** Another worker has claimed the submission. */
  | { readonly kind: 'in-flight' }
  /** The id belongs to a submission with other content. */
  | { readonly kind: 'conflict' };

/** Inputs of the decision, apart from the record. */
export interface ClaimRequest {
  readonly hash: string;
  /** Id of the SQS message. */
  readonly messageId: string;
  /** From the dead-letter queue: an operator wants it tried again. */
  readonly redriven: boolean;
  /** From a retry queue. */
  readonly retried: boolean;
  /** Token of the message in the lineage, worker that sent it, and the knowledge of that worker. */
  readonly signature?: string | undefined;
  readonly worker?: string | undefined;
  readonly carried: Carried;
  readonly owner: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Decides whether a received message may be worked on. */
export function claimability(record: SubmissionRecord | undefined, delivery: ClaimRequest): ClaimState {
  if (!record) return { kind: 'new' };
  const { hash, messageId, redriven, retried, worker, owner, now } = delivery;
  if (record.hash !== hash) return { kind: 'conflict' };
  if (record.state === 'done') return { kind: 'over' };
  if (record.state === 'dead') {
    // The message is a copy of the dead-lettered message. Any other message requests another try, which is refused for
    // an unknown outcome under `hold`, unless the message comes from the dead-letter queue.
    const reopen = redriven || (!retried && record.reason !== 'Unknown');
    if (!reopen || record.origin === messageId) return { kind: 'over' };
    return { kind: 'continues', entry: record, carried: reopened(record.carried, delivery.carried), fresh: new Set() };
  }
  // Another delivery of a redriven message: the record was reopened by the first one. What happened since is not to be
  // forgotten, and what the dead letter knew was taken over then.
  const isReopened = redriven && record.origin === messageId;
  const carried = isReopened ? NOTHING_CARRIED : delivery.carried;
  if (isReplaced(delivery, record.lineage) && !knowsMore(carried, record)) return { kind: 'over' };
  // The same worker wrote the record and later this message, so the message has the final outcomes of its attempts.
  const reported = worker !== undefined && worker === record.worker ? carried.attempts : 0;
  const held = record.lease && record.lease.owner !== owner && record.lease.until > now;
  if (held && !(reported > 0 && record.attempts.every(({ number }) => number <= reported)))
    return { kind: 'in-flight' };
  const unended = interrupted(record, reported);
  const known = join(withoutCleared(join(record.carried, carried), record.attempts), unended);
  const fresh = new Set(unended.history.map(({ provider }) => provider));
  return {
    kind: 'continues',
    entry: record,
    carried: redriven && !isReopened ? reopened(known, carried) : known,
    fresh,
  };
}

/**
 * Whether a message knows of attempts that the record lacks: its worker could not write them, or the table was restored
 * to an earlier time.
 */
function knowsMore(carried: Carried, record: SubmissionRecord): boolean {
  return (
    carried.done.some((place) => !record.carried.done.includes(place)) ||
    carried.attempts > Math.max(record.carried.attempts, ...record.attempts.map(({ number }) => number))
  );
}

/** Votes that say nothing after a redrive; recipients who are not mailed stay unmailed. */
const FORGOTTEN: ReadonlySet<Vote['kind']> = new Set(['refused', 'unrecognised', 'denied', 'apart']);

/**
 * State for trying again from the start without serving a recipient twice: refusals are dropped, and providers with an
 * unknown outcome are asked once more before another provider is tried.
 */
function reopened(known: Carried, carried: Carried): Carried {
  const { attempts, done, history } = join(known, carried);
  return {
    attempts,
    done,
    history: history.flatMap((vote) => {
      if (FORGOTTEN.has(vote.kind)) return [];
      if (vote.kind !== 'unknown') return vote;
      const { asked: _asked, settled: _settled, ...left } = vote;
      return { ...left, wished: true as const };
    }),
  };
}

/**
 * Drops unknown outcomes of attempts whose outcome was reported later; one vote may stand for several attempts at the
 * same provider.
 */
function withoutCleared(known: Carried, attempts: readonly StoredAttempt[]): Carried {
  const isCleared = (vote: Vote) => {
    if (vote.kind !== 'unknown') return false;
    const there = attempts.filter((one) => one.provider === vote.provider);
    const isReported = there.some(({ cleared, begun }) => cleared && begun === vote.at);
    return isReported && there.every((one) => one.outcome !== 'unknown' && !one.maybeTaken);
  };
  return { ...known, history: known.history.filter((vote) => !isCleared(vote)) };
}

/** Votes for attempts that were begun and never ended: their worker has ended, and the outcome is unknown. */
function interrupted({ attempts }: SubmissionRecord, reported: number): Carried {
  const history = attempts
    .filter(({ ended, number }) => ended === undefined && number > reported)
    .map(({ provider, account, recipients, begun }): Vote => {
      return { provider, kind: 'unknown', ...(recipients && { recipients }), account, at: begun };
    });
  return { ...NOTHING_CARRIED, attempts: Math.max(0, ...attempts.map(({ number }) => number)), history };
}

/** The attempts of a record, with interrupted ones marked as such. */
export function endInterrupted(attempts: readonly StoredAttempt[], now: number): readonly StoredAttempt[] {
  return attempts.map((one) =>
    one.ended === undefined ? { ...one, ended: now, outcome: 'unknown', reason: 'interrupted' } : one,
  );
}

/** Adds the outcomes of a worker whose claim was taken over to the current record. */
export function amend(current: SubmissionRecord, own: Pick<SubmissionRecord, 'attempts' | 'carried'>): NewItem {
  const mine = (other: StoredAttempt) =>
    own.attempts.find(
      (one) => one.number === other.number && one.provider === other.provider && one.begun === other.begun,
    );
  const carried = join(current.carried, { ...own.carried, history: [] });
  return {
    ...current,
    attempts: current.attempts.map((one) =>
      one.reason === 'interrupted' || !one.ended ? withOutcome(one, mine(one), own.carried.history) : one,
    ),
    carried,
  };
}

/** An attempt with the outcome that its own worker reports; fields of a later release stay. */
function withOutcome(stored: StoredAttempt, own: StoredAttempt | undefined, history: readonly Vote[]): StoredAttempt {
  if (!own) return stored;
  const { ended: _ended, outcome: _outcome, blames: _blames, reason: _reason, ...others } = stored;
  const isDoubtful = history.some((vote) => {
    return vote.kind === 'unknown' && vote.provider === own.provider && [vote.at, lastOf(vote)].includes(own.begun);
  });
  const isCleared = own.ended !== undefined && own.outcome !== 'unknown' && !isDoubtful;
  return { ...others, ...own, ...(isCleared && { cleared: true }) };
}

/** Key of a submission's record in the state table. */
export function recordKey(submissionId: string): string {
  return `submission/${submissionId}`;
}

/** Hash of a submission's content, independent of the order and formatting of its JSON. */
export function submissionHash(submission: Submission): string {
  const sorted = JSON.stringify(submission, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(sorted).digest('base64url');
}
