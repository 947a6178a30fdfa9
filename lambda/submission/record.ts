import { createHash } from 'node:crypto';
import type { DeadLetterReason } from '../contract/dead-letter.ts';
import { isObject } from '../platform/is-object.ts';
import type { Item } from '../platform/table.ts';
import { isReplaced, type Lineage } from './lineage.ts';
import { type AttemptLog, countOf, EMPTY_LOG, endInterrupted, idOf, mergeLogs, reopened } from './log.ts';

/**
 * Record of one submission in the state table. A new release may add fields to the record, but must not remove or change fields,
 * since older and newer releases read and write the same records.
 */
export interface SubmissionRecord extends Item, AttemptLog {
  /** Hash of the submission's content. A submission with the same id and another hash is a conflict. */
  readonly hash: string;
  /**
   * Id of the SQS message that created this record. If a later message has reopened the record, for example a message that an
   * operator redrove from the dead-letter queue, the id of the later message.
   */
  readonly origin: string;
  /** When the submission was first received, in epoch milliseconds. */
  readonly firstSeen: number;
  readonly state: 'open' | 'done' | 'dead';
  /** Why the submission was sent to the dead-letter queue; set in state `dead`. */
  readonly reason?: DeadLetterReason;
  /** Set in state `done` if no provider accepted the submission, because no mail may be sent to any of its recipients. */
  readonly suppressed?: true;
  /**
   * When the queue message of the submission is due, in epoch milliseconds; set in state `open` while no worker has claimed the
   * submission.
   */
  readonly nextTryAt?: number;
  /** Id of the worker that last claimed the submission. A worker gets a new id for each claim. */
  readonly worker: string;
  /**
   * The queue messages that may continue the submission. If the value is `unknown`, every queue message of the submission may
   * continue it.
   */
  readonly lineage: Lineage | 'unknown';
  /**
   * Claim of the worker `owner`: until `until` (epoch milliseconds), only this worker may process the submission. After this
   * time, the Lambda invocation of the worker has certainly ended.
   */
  readonly lease?: { readonly owner: string; readonly until: number };
  /**
   * Keys of the providers that accepted, or may have accepted, the submission that this submission supersedes, or any submission
   * superseded before it. The latest provider is last.
   */
  readonly acceptedBefore?: readonly string[];
}

/** Whether a worker may process a received queue message, according to the record of the submission. */
export type ClaimState =
  /** The submission has no record: no worker has claimed it yet. */
  | { readonly kind: 'new' }
  /**
   * The worker may claim the submission. `log` contains the attempts of all earlier rounds (runs through the providers). An
   * attempt without an outcome is marked as interrupted in this log, since its worker has ended. `interrupted` contains the keys
   * of the providers of the attempts that this decision has marked.
   */
  | { readonly kind: 'continues'; readonly log: AttemptLog; readonly interrupted: ReadonlySet<string> }
  /** The submission has ended, or another queue message continues it. This message is no longer needed. */
  | { readonly kind: 'over' }
  /** Another worker has claimed the submission. */
  | { readonly kind: 'in-flight' }
  /** The submission id already belongs to a submission with other content. */
  | { readonly kind: 'conflict' };

/** Inputs, in addition to the record, of the decision whether a worker may process a received message. */
export interface ClaimRequest {
  readonly hash: string;
  /** Id of the SQS message. */
  readonly messageId: string;
  /**
   * The message was redriven: an operator has moved it from the dead-letter queue back to the outbound queue, so that the
   * submission is tried again.
   */
  readonly redriven: boolean;
  /** The message comes from a retry queue. */
  readonly retried: boolean;
  /**
   * Token that identifies the message in the lineage (`signature`), id of the worker that sent the message (`worker`), and the
   * log of attempts in the attributes of the message (`log`).
   */
  readonly signature?: string | undefined;
  readonly worker?: string | undefined;
  readonly log: AttemptLog;
  /** Id under which this worker claims the submission. */
  readonly owner: string;
  /** The current time, in epoch milliseconds. */
  readonly now: number;
}

/** Decides whether a worker may process a received message. */
export function claimability(record: SubmissionRecord | undefined, delivery: ClaimRequest): ClaimState {
  if (!record) return { kind: 'new' };
  const { hash, messageId, redriven, retried, worker, owner, now } = delivery;
  if (record.hash !== hash) return { kind: 'conflict' };
  if (record.state === 'done') return { kind: 'over' };
  if (record.state === 'dead') {
    // A redriven message reopens the submission. A new message with the same id and content also reopens it, unless the
    // submission ended with an unknown outcome under the policy `hold`. If the message that created or last reopened the record
    // is received again, it does not reopen the record.
    const reopen = redriven || (!retried && record.reason !== 'Unknown');
    if (!reopen || record.origin === messageId) return { kind: 'over' };
    const log = reopened(mergeLogs(endInterrupted(logOf(record), now), delivery.log));
    return { kind: 'continues', log, interrupted: new Set() };
  }
  // Whether this redriven message was received before: its first receive has reopened the record, and has merged the message's
  // log into the record. The record may now contain later attempts, so the log of the message is not merged a second time.
  const isReopened = redriven && record.origin === messageId;
  const messageLog = isReopened ? EMPTY_LOG : delivery.log;
  const known = mergeLogs(logOf(record), messageLog);
  // A message that another message has replaced is nevertheless processed if its log contains more attempts or results than the
  // record. This happens if the worker that sent the message could not write to the table, or if the table was restored to an
  // earlier state.
  const knowsMore = countOf(messageLog) > countOf(record) || known.done.length > record.done.length;
  if (isReplaced(delivery, record.lineage) && !knowsMore) return { kind: 'over' };
  const unended = known.attempts.filter(({ ended }) => ended === undefined);
  // Whether the worker that has the lease has sent this message. It sends such a message as its last step, so it no longer works
  // on the submission.
  const isReleased = worker !== undefined && worker === record.lease?.owner && unended.length === 0;
  if (record.lease && record.lease.owner !== owner && record.lease.until > now && !isReleased)
    return { kind: 'in-flight' };
  const log = endInterrupted(known, now);
  return {
    kind: 'continues',
    log: redriven && !isReopened ? reopened(log) : log,
    interrupted: new Set(unended.map(({ provider }) => provider)),
  };
}

/**
 * Returns whether a message certainly belongs to the record that is stored under its submission id. The body of the message is
 * not needed for this decision. The message belongs to the record in three cases: the message created or reopened the record; the
 * message has a token, which only a worker that wrote the record sets; or the message and the record contain the same attempt.
 * The id alone proves nothing, since another submission may have the same id.
 */
export function isOfRecord(
  { origin, attempts }: SubmissionRecord,
  { messageId, signature, log }: Pick<ClaimRequest, 'messageId' | 'signature' | 'log'>,
): boolean {
  const known = new Set(attempts.map(idOf));
  return origin === messageId || signature !== undefined || log.attempts.some((one) => known.has(idOf(one)));
}

/** Returns the log of a submission's attempts from its record. */
export function logOf({ attempts, done, redrives }: SubmissionRecord): AttemptLog {
  return { attempts, done, redrives };
}

/** Returns the key of a submission's record in the state table. */
export function recordKey(submissionId: string): string {
  return `submission/${submissionId}`;
}

/** Returns a hash of a submission's content. The hash does not depend on the order of the fields in the JSON text or on its formatting. */
export function submissionHash(submission: object): string {
  const sorted = JSON.stringify(submission, (_name, value: unknown) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  return createHash('sha256').update(sorted).digest('base64url');
}
