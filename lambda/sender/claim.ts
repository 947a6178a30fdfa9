import { randomBytes } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import type { Problem } from '../contract/dead-letter.ts';
import { readRecord, SubmissionClaim } from '../submission/ledger.ts';
import { NOTHING_TAKEN, takenUp } from '../submission/lineage.ts';
import type { AttemptLog } from '../submission/log.ts';
import {
  type ClaimRequest,
  type ClaimState,
  claimability,
  logOf,
  type SubmissionRecord,
  submissionHash,
} from '../submission/record.ts';
import type { QueueAttributes } from '../submission/retry-attributes.ts';
import { InFlightError, type Work } from './work.ts';

/** A submission that this worker may process. */
export interface Claimed {
  readonly kind: 'claimed';
  readonly claim: SubmissionClaim;
  /** Log of the attempts in all earlier rounds of this submission. */
  readonly log: AttemptLog;
  /** The record of the submission in the table, if it was read and exists. */
  readonly stored: SubmissionRecord | undefined;
  /** Keys of the providers of attempts that were found to be interrupted when this submission was claimed. */
  readonly interrupted: ReadonlySet<string>;
  /**
   * Whether the record was read. The record is not read when SQS delivers a new message for the first time: nearly always no record exists
   * then, and if a record exists, the first write fails.
   */
  readonly isCertain: boolean;
}

/** A submission that this worker may not process, with the reason. */
export type Unclaimed = Exclude<ClaimState, { kind: 'new' | 'continues' }> & {
  readonly stored: SubmissionRecord | undefined;
};

/**
 * Decides whether this worker may process a submission, by the submission's record in the table. `current` contains the record, if the record
 * was read already. When SQS delivers a new message for the first time, the submission is claimed without reading the record: the first write
 * fails if a record exists.
 */
export async function claimSubmission(
  work: Work,
  current?: { readonly record: SubmissionRecord | undefined },
): Promise<Claimed | Unclaimed> {
  const { record, arrived, destinations, context, remainingMs } = work;
  const { id } = arrived.message;
  const request = claimRequestOf(record, destinations.attributes, submissionHash(arrived.submission));
  const { retried, redriven, owner } = request;
  const isFirst = !retried && !redriven && Number(record.attributes.ApproximateReceiveCount) <= 1;
  const isCertain = current !== undefined || !isFirst;
  const stored = current || isFirst ? current?.record : await readRecord(context.table, id);
  const now = context.clock.now();
  const state = claimability(stored, { ...request, now });
  if (state.kind !== 'new' && state.kind !== 'continues') return { ...state, stored };
  const goesOn = stored?.state === 'open' && !redriven;
  const claim = new SubmissionClaim({
    table: context.table,
    clock: context.clock,
    submissionId: id,
    lease: { owner, until: now + remainingMs() },
    stored,
    known: {
      hash: request.hash,
      origin: goesOn ? stored.origin : record.messageId,
      firstSeen: destinations.attributes.firstSeen,
      lineage: takenUp(request, owner, stored?.state === 'open' ? stored.lineage : NOTHING_TAKEN),
    },
  });
  const { log, interrupted } =
    state.kind === 'continues' ? state : { log: request.log, interrupted: new Set<string>() };
  return { kind: 'claimed', claim, log, stored, interrupted, isCertain };
}

/**
 * Handles a message whose submission this worker may not process. If this function returns, the message is deleted from its queue; it may have
 * been dead-lettered before.
 *
 * @throws InFlightError if another worker has claimed the submission. The message then stays on its queue
 */
export async function leave({ kind, stored }: Unclaimed, { record, destinations }: Work): Promise<void> {
  switch (kind) {
    case 'conflict':
      return destinations.deadLetter(ID_CONFLICT);
    case 'in-flight':
      throw new InFlightError('another delivery of this submission is being worked on');
    case 'over':
      // A redriven message without a valid signature may be the only copy of a dead letter, for example after the signing key was changed
      // twice. Such a message is sent back to the dead-letter queue with a valid signature.
      if (stored === undefined || !isUnprovenRedrive(destinations.attributes, stored, record)) return;
      destinations.attributes = { ...destinations.attributes, log: logOf(stored) };
      return destinations.deadLetter({
        reason: stored.reason ?? 'Unknown',
        detail: 'moved here again, since its Proof is not one of this deployment; the next redrive sends it',
      });
  }
}

/** The problem that is reported if the id of a submission belongs to another submission with different content. */
const ID_CONFLICT: Problem = {
  reason: 'IdConflict',
  detail: 'id: given an id that a submission with other content has already; every submission needs an id of its own',
};

/**
 * Whether a message seems to be redriven from the dead-letter queue, but has no valid proof (signature) of Mailover. The record shows that the
 * submission was dead-lettered, and that this message has not started it again.
 */
export function isUnprovenRedrive(
  { unproven }: QueueAttributes,
  { state, origin }: SubmissionRecord,
  { messageId }: SQSRecord,
): boolean {
  return unproven === true && state === 'dead' && origin !== messageId;
}

/** Returns the request to claim the submission of a message. Each call creates a new id for the owner of the claim. */
export function claimRequestOf(
  { messageId }: SQSRecord,
  { notBefore, redriven, worker, signature, log }: QueueAttributes,
  hash: string,
): Omit<ClaimRequest, 'now'> {
  const retried = notBefore !== undefined;
  // The owner id is short, since each attempt in the record contains it.
  const owner = randomBytes(16).toString('base64url');
  return { hash, messageId, redriven: redriven === true, retried, worker, signature, log, owner };
}
