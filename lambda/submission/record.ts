import { createHash } from 'node:crypto';
import type { Account } from '../contract/account.ts';
import type { DeadLetterReason } from '../contract/dead-letter.ts';
import type { Submission } from '../contract/submission.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Item, NewItem } from '../platform/table.ts';
import { type Carried, join, NOTHING_CARRIED, type Vote } from './carried.ts';
import { isReplaced, type Lineage } from './lineage.ts';

/** One attempt as the ledger keeps it; without `ended` nobody has told yet what it came to. */
export interface StoredAttempt {
  readonly number: number;
  readonly provider: string;
  /** Whom that key stood for. */
  readonly account?: Account;
  /** Epoch milliseconds. */
  readonly begun: number;
  /** Places of the recipients that were offered; absent for all. */
  readonly recipients?: readonly number[];
  /** Epoch milliseconds. */
  readonly ended?: number;
  readonly outcome?: Outcome['kind'];
  readonly blames?: string;
  readonly reason?: string;
  /** Status of the answer, and its words without anything of the mail; the words of the last attempt at each provider only. */
  readonly status?: string;
  readonly words?: string;
  readonly providerMessageId?: string;
  /** It failed in a way that may hide an acceptance. */
  readonly maybeTaken?: true;
  /** It was taken for interrupted until the one who made it told what it came to: whoever carries a doubt about it may drop it. */
  readonly cleared?: true;
}

/** The item of one submission. Fields are only ever added: older and newer releases read and write it side by side. */
export interface SubmissionRecord extends Item {
  /** Of the content: the same id with another one is a conflict. */
  readonly hash: string;
  /** The SQS message that opened this entry, or opened it again from the dead-letter queue. */
  readonly origin: string;
  /** When the submission was first received, in epoch milliseconds. */
  readonly firstSeen: number;
  readonly state: 'open' | 'done' | 'dead';
  /** With `dead`. */
  readonly reason?: DeadLetterReason;
  /** Who wrote this last; delivery events and the like leave it as it is. */
  readonly worker: string;
  /** Which messages may carry it on; absent where that is not known, and every copy counts. */
  readonly lineage?: Lineage | undefined;
  /** While a worker has it in hand: after `until` (epoch milliseconds) that worker's invocation is certainly over. */
  readonly lease?: { readonly owner: string; readonly until: number };
  /** The newest {@link KEPT_ATTEMPTS}. */
  readonly attempts: readonly StoredAttempt[];
  readonly carried: Carried;
  /** Keys of the providers that had what this submission supersedes, the whole chain of it, latest last. */
  readonly had?: readonly string[];
  /** By provider key: message ids with which delivery events spoke of this submission. */
  readonly reported?: Readonly<Record<string, string>>;
}

/** Bounds the item: four days of retries through four providers are several hundred attempts. */
export const KEPT_ATTEMPTS = 50;

/** What a delivery of a message is to do, by what the ledger says of its submission. */
export type ClaimState =
  /** Nobody has worked on it yet. */
  | { readonly kind: 'new' }
  /**
   * Its turn: `carried` is what all rounds before came to, interrupted ones included. `fresh` are the providers of attempts
   * that only now turn out to be interrupted, by the lease and our clock.
   */
  | {
      readonly kind: 'continues';
      readonly entry: SubmissionRecord;
      readonly carried: Carried;
      readonly fresh: ReadonlySet<string>;
    }
  /** It has ended, or another message carries it on: this delivery is a late copy. */
  | { readonly kind: 'over' }
  /** Another delivery is in the hands of a worker. */
  | { readonly kind: 'in-flight' }
  /** The id belongs to another content. */
  | { readonly kind: 'conflict' };

/** What the ledger's answer depends on, beside the entry. */
export interface ClaimRequest {
  readonly hash: string;
  /** Id of the SQS message. */
  readonly messageId: string;
  /** From the dead-letter queue: somebody wants it tried again. */
  readonly redriven: boolean;
  /** On its way through retry queues. */
  readonly retried: boolean;
  /** By what the ledger knows the letter, who wrote it, and what that one knew. */
  readonly signature?: string | undefined;
  readonly worker?: string | undefined;
  readonly carried: Carried;
  readonly owner: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Decides what a delivery is to do. */
export function claimability(entry: SubmissionRecord | undefined, delivery: ClaimRequest): ClaimState {
  if (!entry) return { kind: 'new' };
  const { hash, messageId, redriven, retried, worker, carried, owner, now } = delivery;
  if (entry.hash !== hash) return { kind: 'conflict' };
  if (entry.state === 'done') return { kind: 'over' };
  if (entry.state === 'dead') {
    // A copy of what was dead-lettered. Another message is somebody's wish to try again, which the doubt of an
    // at-most-once mail forbids unless it comes from the dead-letter queue.
    const wished = redriven || (!retried && entry.reason !== 'Unknown');
    if (!wished || entry.origin === messageId) return { kind: 'over' };
    return { kind: 'continues', entry, carried: afresh(entry.carried, carried), fresh: new Set() };
  }
  if (isReplaced(delivery, entry.lineage) && !knowsMore(carried, entry)) return { kind: 'over' };
  // The worker that wrote the entry has sent the letter since: what it says of that worker's attempts is how they ended.
  const told = worker !== undefined && worker === entry.worker ? carried.attempts : 0;
  const held = entry.lease && entry.lease.owner !== owner && entry.lease.until > now;
  if (held && !(told > 0 && entry.attempts.every(({ number }) => number <= told))) return { kind: 'in-flight' };
  const cut = interrupted(entry, told);
  const known = join(withoutCleared(join(entry.carried, carried), entry.attempts), cut);
  const fresh = new Set(cut.history.map(({ provider }) => provider));
  return { kind: 'continues', entry, carried: redriven ? afresh(known, carried) : known, fresh };
}

/** Of a worker that could not write it down, or of a time that the table does not remember. */
function knowsMore(carried: Carried, entry: SubmissionRecord): boolean {
  return (
    carried.done.some((place) => !entry.carried.done.includes(place)) ||
    carried.attempts > Math.max(entry.carried.attempts, ...entry.attempts.map(({ number }) => number))
  );
}

/**
 * Everything is tried anew, but nobody is served twice: refusals are forgotten, and whoever may have the mail is asked once
 * more before another one gets it.
 */
function afresh(known: Carried, carried: Carried): Carried {
  const { attempts, done, history } = join(known, carried);
  return {
    attempts,
    done,
    history: history.flatMap((vote) => {
      if (vote.kind === 'refused' || vote.kind === 'unrecognised') return [];
      const { asked: _asked, settled: _settled, ...left } = vote;
      return vote.kind === 'unknown' ? { ...left, wished: true as const } : vote;
    }),
  };
}

/** Drops doubts about attempts whose end was told later; one vote may stand for several attempts at the same provider. */
function withoutCleared(known: Carried, attempts: readonly StoredAttempt[]): Carried {
  const isCleared = ({ kind, provider, at }: Vote) => {
    const there = attempts.filter((one) => one.provider === provider);
    const isTold = there.some(({ cleared, begun }) => cleared && begun === at);
    return kind === 'unknown' && isTold && there.every((one) => one.outcome !== 'unknown' && !one.maybeTaken);
  };
  return { ...known, history: known.history.filter((vote) => !isCleared(vote)) };
}

/** Attempts that were begun and never ended: whoever made them is gone, and whether the mail went out nobody knows. */
function interrupted({ attempts }: SubmissionRecord, told: number): Carried {
  const history = attempts
    .filter(({ ended, number }) => ended === undefined && number > told)
    .map(({ provider, account, recipients, begun }): Vote => {
      return { provider, kind: 'unknown', ...(recipients && { recipients }), ...(account && { account }), at: begun };
    });
  return { ...NOTHING_CARRIED, attempts: Math.max(0, ...attempts.map(({ number }) => number)), history };
}

/** The attempts of an entry with the interrupted ones marked as what they are. */
export function endInterrupted(attempts: readonly StoredAttempt[], now: number): readonly StoredAttempt[] {
  return attempts.map((one) =>
    one.ended === undefined ? { ...one, ended: now, outcome: 'unknown', reason: 'interrupted' } : one,
  );
}

/** What a worker that lost its hold still knows about its own attempts, added to what stands in the ledger by now. */
export function amend(current: SubmissionRecord, own: Pick<SubmissionRecord, 'attempts' | 'carried'>): NewItem {
  const mine = (other: StoredAttempt) =>
    own.attempts.find(
      (one) => one.number === other.number && one.provider === other.provider && one.begun === other.begun,
    );
  const carried = join(current.carried, { ...own.carried, history: [] });
  return {
    ...current,
    attempts: current.attempts.map((one) =>
      one.reason === 'interrupted' || !one.ended ? told(one, mine(one), own.carried.history) : one,
    ),
    carried,
  };
}

/** An attempt with its end as the one who made it tells it; what a later release wrote beside stays. */
function told(stands: StoredAttempt, own: StoredAttempt | undefined, history: readonly Vote[]): StoredAttempt {
  if (!own) return stands;
  const { ended: _ended, outcome: _outcome, blames: _blames, reason: _reason, ...others } = stands;
  const isDoubtful = history.some(({ kind, provider, at }) => {
    return kind === 'unknown' && provider === own.provider && at === own.begun;
  });
  const isCleared = own.ended !== undefined && own.outcome !== 'unknown' && !isDoubtful;
  return { ...others, ...own, ...(isCleared && { cleared: true }) };
}

/** Where the entry of a submission lies. */
export function recordKey(submissionId: string): string {
  return `submission/${submissionId}`;
}

/** Hash of what a submission says, whatever the order and spelling of its JSON. */
export function submissionHash(submission: Submission): string {
  const sorted = JSON.stringify(submission, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(sorted).digest('base64url');
}
