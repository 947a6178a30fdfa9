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

/** A submission that this worker may work on. */
export interface Claimed {
  readonly kind: 'claimed';
  readonly claim: SubmissionClaim;
  /** All earlier rounds. */
  readonly log: AttemptLog;
  /** The record, if one was read. */
  readonly stored: SubmissionRecord | undefined;
  /** Providers of attempts that were just found to be interrupted. */
  readonly interrupted: ReadonlySet<string>;
  /** False for a first delivery: nearly always there is no record, and the first write finds out. */
  readonly isCertain: boolean;
}

/** A submission that this worker leaves alone. */
export type Unclaimed = Exclude<ClaimState, { kind: 'new' | 'continues' }> & {
  readonly stored: SubmissionRecord | undefined;
};

/**
 * Decides by the record whether this worker may work on a submission; `current` is the record, if it was read already. A
 * first delivery is claimed without a read: its first write fails if there is a record.
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
  const { log, fresh } = state.kind === 'continues' ? state : { log: request.log, fresh: new Set<string>() };
  return { kind: 'claimed', claim, log, stored, interrupted: fresh, isCertain };
}

/**
 * Leaves a submission to another message, or ends its message.
 *
 * @throws InFlightError if another worker has claimed it: the message stays on its queue
 */
export async function leave({ kind, stored }: Unclaimed, { record, destinations }: Work): Promise<void> {
  switch (kind) {
    case 'conflict':
      return destinations.deadLetter(ID_CONFLICT);
    case 'in-flight':
      throw new InFlightError('another delivery of this submission is being worked on');
    case 'over':
      // An unproven redrive may be the only copy of a dead letter, for example after the key of the proofs was changed
      // twice: it goes back to the dead-letter queue, with a valid proof.
      if (stored === undefined || !isUnprovenRedrive(destinations.attributes, stored, record)) return;
      destinations.attributes = { ...destinations.attributes, log: logOf(stored) };
      return destinations.deadLetter({
        reason: stored.reason ?? 'Unknown',
        detail: 'moved here again, since its Proof is not one of this deployment; the next redrive sends it',
      });
  }
}

/** The problem of a submission whose id another content has. */
const ID_CONFLICT: Problem = {
  reason: 'IdConflict',
  detail: 'id: given one that another content has already; every submission needs an id of its own',
};

/** Whether a message claims to be the redrive of this dead record, without a valid proof. */
export function isUnprovenRedrive(
  { unproven }: QueueAttributes,
  { state, origin }: SubmissionRecord,
  { messageId }: SQSRecord,
): boolean {
  return unproven === true && state === 'dead' && origin !== messageId;
}

/** The claim request of a message; each one has a new owner. */
export function claimRequestOf(
  { messageId }: SQSRecord,
  { notBefore, redriven, worker, signature, log }: QueueAttributes,
  hash: string,
): Omit<ClaimRequest, 'now'> {
  const retried = notBefore !== undefined;
  // Each attempt in the record has it, so it is short.
  const owner = randomBytes(16).toString('base64url');
  return { hash, messageId, redriven: redriven === true, retried, worker, signature, log, owner };
}
