import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import type { Carried } from '../submission/carried.ts';
import { readRecord, SubmissionClaim } from '../submission/ledger.ts';
import { NOTHING_TAKEN, takenUp } from '../submission/lineage.ts';
import {
  type ClaimRequest,
  type ClaimState,
  claimability,
  endInterrupted,
  type SubmissionRecord,
  submissionHash,
} from '../submission/record.ts';
import type { QueueAttributes } from '../submission/retry-attributes.ts';
import { SubmissionRound } from './round.ts';
import { InFlightError, type Work } from './work.ts';

/** Processes a valid submission: claims it and makes a round, or leaves it to another message. */
export async function send(work: Work): Promise<void> {
  const { record, arrived, destinations, context } = work;
  const { id } = arrived.message;
  destinations.attributes = { ...destinations.attributes, submissionId: id };
  const delivery = deliveryOf(record, destinations.attributes, submissionHash(arrived.submission));
  const { retried, redriven } = delivery;
  // A first delivery has no record, except for rare copies, so none is read: its first write finds one.
  const first = !retried && !redriven && Number(record.attributes.ApproximateReceiveCount) <= 1;
  let entry: SubmissionRecord | undefined | 'unread' = first ? 'unread' : await readRecord(context.table, id);
  for (;;) {
    const standing: ClaimState =
      entry === 'unread' ? { kind: 'new' } : claimability(entry, { ...delivery, now: context.clock.now() });
    switch (standing.kind) {
      case 'over':
        return leave(work, entry);
      case 'conflict':
        return destinations.deadLetter({
          reason: 'IdConflict',
          detail: 'id: given one that another content has already; every submission needs an id of its own',
        });
      case 'in-flight':
        throw new InFlightError('another delivery of this submission is being worked on');
      case 'new':
      case 'continues': {
        const { claim, stored, known } = openClaim(work, delivery, standing);
        const fresh = standing.kind === 'continues' ? standing.fresh : new Set<string>();
        const next = await new SubmissionRound({
          work,
          claim,
          worker: delivery.owner,
          carried: known,
          stored,
          fresh,
          read: entry !== 'unread',
        }).run();
        if (next === 'ended') return;
        entry = next === 'read-first' ? await readRecord(context.table, id) : next.current;
      }
    }
  }
}

/**
 * Ends a message that has nothing left to do. An unproven redrive may be the only copy of a dead letter, for example
 * after the key of the proofs was changed twice: it goes back to the dead-letter queue, with a valid proof.
 */
async function leave({ record, destinations }: Work, entry: SubmissionRecord | undefined | 'unread'): Promise<void> {
  if (entry === undefined || entry === 'unread' || !isUnprovenRedrive(destinations.attributes, entry, record)) return;
  destinations.attributes = { ...destinations.attributes, carried: entry.carried };
  await destinations.deadLetter({
    reason: entry.reason ?? 'Unknown',
    detail: 'moved here again, since its Proof is not one of this deployment; the next redrive sends it',
  });
}

/** Whether a message claims to be the redrive of this dead record, without a valid proof. */
export function isUnprovenRedrive(
  { unproven }: QueueAttributes,
  { state, origin }: SubmissionRecord,
  { messageId }: SQSRecord,
): boolean {
  return unproven === true && state === 'dead' && origin !== messageId;
}

/** The claim request of a message; each one has a new owner. */
export function deliveryOf(
  { messageId }: SQSRecord,
  { notBefore, redriven, worker, signature, carried }: QueueAttributes,
  hash: string,
): Omit<ClaimRequest, 'now'> {
  const retried = notBefore !== undefined;
  return { hash, messageId, redriven: redriven === true, retried, worker, signature, carried, owner: randomUUID() };
}

function openClaim(
  { record, destinations, context, arrived, remainingMs }: Work,
  delivery: Omit<ClaimRequest, 'now'>,
  standing: Extract<ClaimState, { kind: 'new' | 'continues' }>,
): { readonly claim: SubmissionClaim; readonly stored: SubmissionRecord | undefined; readonly known: Carried } {
  const { hash, redriven, carried, owner } = delivery;
  const stored = standing.kind === 'continues' ? standing.entry : undefined;
  const known = standing.kind === 'continues' ? standing.carried : carried;
  const now = context.clock.now();
  const goesOn = stored?.state === 'open' && !redriven;
  const claim = new SubmissionClaim({
    table: context.table,
    clock: context.clock,
    submissionId: arrived.message.id,
    lease: { owner, until: now + remainingMs() },
    stored,
    known: {
      hash,
      origin: goesOn ? stored.origin : record.messageId,
      firstSeen: destinations.attributes.firstSeen,
      lineage: takenUp(delivery, owner, stored?.state === 'open' ? stored.lineage : NOTHING_TAKEN),
      attempts: endInterrupted(stored?.attempts ?? [], now),
      carried: known,
    },
  });
  return { claim, stored, known };
}
