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

/**
 * Result if this worker has claimed a submission. Until the lease of the claim ends, no other worker may process the submission.
 */
export interface Claimed {
  readonly kind: 'claimed';
  readonly claim: SubmissionClaim;
  /** Log of the attempts in all earlier rounds of this submission. A round is one run through the providers of the submission. */
  readonly log: AttemptLog;
  /** The record of the submission in the table, if it was read and exists. */
  readonly stored: SubmissionRecord | undefined;
  /**
   * Keys of the providers of interrupted attempts: when this submission was claimed, these attempts had no outcome, and the
   * worker that made them no longer had a claim.
   */
  readonly interrupted: ReadonlySet<string>;
  /**
   * Whether the record was read. The record is not read when SQS delivers a new message for the first time: nearly always no
   * record exists then. If a record exists, the first write of this worker fails.
   */
  readonly isCertain: boolean;
}

/** Result if this worker may not process a submission, with the reason and the record of the submission. */
export type Unclaimed = Exclude<ClaimState, { kind: 'new' | 'continues' }> & {
  readonly stored: SubmissionRecord | undefined;
};

/**
 * Decides by a submission's record in the table whether this worker may process the submission. If it may, returns a claim. The
 * claim is written to the record only with the first attempt. `current` contains the record, if the record was read already. When
 * SQS delivers a new message for the first time, the submission is claimed without reading the record. If a record exists then,
 * the first write fails.
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
  const isContinued = stored?.state === 'open' && !redriven;
  const claim = new SubmissionClaim({
    table: context.table,
    clock: context.clock,
    submissionId: id,
    lease: { owner, until: now + remainingMs() },
    stored,
    known: {
      hash: request.hash,
      origin: isContinued ? stored.origin : record.messageId,
      firstSeen: destinations.attributes.firstSeen,
      lineage: takenUp(request, owner, stored?.state === 'open' ? stored.lineage : NOTHING_TAKEN),
    },
  });
  const { log, interrupted } =
    state.kind === 'continues' ? state : { log: request.log, interrupted: new Set<string>() };
  return { kind: 'claimed', claim, log, stored, interrupted, isCertain };
}

/**
 * Handles a message whose submission this worker may not process. After this function has returned, the message is deleted from
 * its queue. In some cases the function first sends the message to the dead-letter queue.
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
      // An operator may have moved the only copy of a dead letter back to the outbound queue (a redrive), and its proof may be
      // invalid, for example because the key of the proofs was changed twice. Such a message is sent back to the dead-letter
      // queue with a valid proof.
      if (stored === undefined || !isUnprovenRedrive(destinations.attributes, stored, record)) return;
      destinations.attributes = { ...destinations.attributes, log: logOf(stored) };
      return destinations.deadLetter({
        reason: stored.reason ?? 'Unknown',
        detail: 'moved here again, since its Proof is not one of this deployment; the next redrive sends it',
      });
  }
}

/** The problem that is reported if another submission with different content has the same id. */
const ID_CONFLICT: Problem = {
  reason: 'IdConflict',
  detail: 'id: given an id that a submission with other content has already; every submission needs an id of its own',
};

/**
 * Whether a message seems to be redriven from the dead-letter queue without a valid proof (HMAC) of Mailover. This is so if the
 * message has the attributes of a dead letter without a valid proof, and if the record shows two facts: the submission was
 * dead-lettered, and this message did not create or reopen the record.
 */
export function isUnprovenRedrive(
  { unproven }: QueueAttributes,
  { state, origin }: SubmissionRecord,
  { messageId }: SQSRecord,
): boolean {
  return unproven === true && state === 'dead' && origin !== messageId;
}

/**
 * Returns the request to claim the submission of a message. Each call creates a new id for the owner of the claim. Therefore the
 * id of a worker in a record stands for one processing of one message, and not for a Lambda process.
 */
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
