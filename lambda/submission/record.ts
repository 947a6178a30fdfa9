import { createHash } from 'node:crypto';
import type { DeadLetterReason } from '../contract/dead-letter.ts';
import type { Item } from '../platform/table.ts';
import { isReplaced, type Lineage } from './lineage.ts';
import { type AttemptLog, countOf, EMPTY_LOG, endInterrupted, idOf, mergeLogs, reopened } from './log.ts';

/**
 * Record of one submission in the state table. Fields are only ever added: older and newer releases read and write it
 * side by side.
 */
export interface SubmissionRecord extends Item, AttemptLog {
  /** Hash of the content: the same id with another hash is a conflict. */
  readonly hash: string;
  /** Id of the SQS message that created this record, or reopened it from the dead-letter queue. */
  readonly origin: string;
  /** When the submission was first received, in epoch milliseconds. */
  readonly firstSeen: number;
  readonly state: 'open' | 'done' | 'dead';
  /** Set in state `dead`. */
  readonly reason?: DeadLetterReason;
  /** Set in state `done`, if no provider accepted it: none of its recipients may be mailed. */
  readonly suppressed?: true;
  /** Set in state `open` without a claim: when its message is due, in epoch milliseconds. */
  readonly nextTryAt?: number;
  /** Worker that wrote this last. */
  readonly worker: string;
  /** Messages that may continue the submission; if `unknown`, every copy may. */
  readonly lineage: Lineage | 'unknown';
  /** Claim of a worker: after `until` (epoch milliseconds) its invocation has certainly ended. */
  readonly lease?: { readonly owner: string; readonly until: number };
  /**
   * Keys of the providers that accepted what this submission supersedes, or may have, over the whole chain; latest last.
   */
  readonly had?: readonly string[];
}

/** Whether a received message may be worked on, according to the submission's record. */
export type ClaimState =
  /** No worker has claimed the submission yet. */
  | { readonly kind: 'new' }
  /**
   * May be claimed: `log` has all earlier rounds, with interrupted attempts marked. `fresh` are the providers of
   * attempts that are now found to be interrupted, because the lease has ended.
   */
  | {
      readonly kind: 'continues';
      readonly entry: SubmissionRecord;
      readonly log: AttemptLog;
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
  /** The message comes from the dead-letter queue: an operator wants it tried again. */
  readonly redriven: boolean;
  /** The message comes from a retry queue. */
  readonly retried: boolean;
  /** Token of the message in the lineage, worker that sent it, and the knowledge of that worker. */
  readonly signature?: string | undefined;
  readonly worker?: string | undefined;
  readonly log: AttemptLog;
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
    const log = reopened(mergeLogs(endInterrupted(logOf(record), now), delivery.log));
    return { kind: 'continues', entry: record, log, fresh: new Set() };
  }
  // Another delivery of a redriven message: the record was reopened by the first one. Later attempts
  // must be kept; those that the dead letter carried are in the record.
  const isReopened = redriven && record.origin === messageId;
  const carried = isReopened ? EMPTY_LOG : delivery.log;
  const known = mergeLogs(logOf(record), carried);
  // A message that was replaced counts nevertheless if it knows more than the record: its worker could not write that,
  // or the table was restored to an earlier time.
  const knowsMore = countOf(carried) > countOf(record) || known.done.length > record.done.length;
  if (isReplaced(delivery, record.lineage) && !knowsMore) return { kind: 'over' };
  const unended = known.attempts.filter(({ ended }) => ended === undefined);
  // A message of the worker that has the lease was its last act: its attempts have ended.
  const isReleased = worker !== undefined && worker === record.lease?.owner && unended.length === 0;
  if (record.lease && record.lease.owner !== owner && record.lease.until > now && !isReleased)
    return { kind: 'in-flight' };
  const log = endInterrupted(known, now);
  return {
    kind: 'continues',
    entry: record,
    log: redriven && !isReopened ? reopened(log) : log,
    fresh: new Set(unended.map(({ provider }) => provider)),
  };
}

/**
 * Whether a message certainly belongs to the record of its id, which can be told without its content: it created the record,
 * the worker that sent it had written to the record, or both know the same attempt. The id alone may be that of another
 * submission, and so may a record where the attempts of the message could not be written.
 */
export function isOfRecord(
  { origin, attempts }: SubmissionRecord,
  { messageId, signature, log }: Pick<ClaimRequest, 'messageId' | 'signature' | 'log'>,
): boolean {
  const known = new Set(attempts.map(idOf));
  return origin === messageId || signature !== undefined || log.attempts.some((one) => known.has(idOf(one)));
}

/** The log of attempts of a submission, from its record. */
export function logOf({ attempts, done, redrives }: SubmissionRecord): AttemptLog {
  return { attempts, done, redrives };
}

/** Key of a submission's record in the state table. */
export function recordKey(submissionId: string): string {
  return `submission/${submissionId}`;
}

/** Hash of a submission's content, independent of the order and formatting of its JSON. */
export function submissionHash(submission: object): string {
  const sorted = JSON.stringify(submission, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(sorted).digest('base64url');
}
