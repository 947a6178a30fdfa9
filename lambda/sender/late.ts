import type { SQSRecord } from 'aws-lambda';
import { readRecord } from '../submission/ledger.ts';
import { claimability, submissionHash } from '../submission/record.ts';
import type { Destinations } from './destinations.ts';
import type { Intake } from './intake.ts';
import { deliveryOf, isUnprovenRedrive } from './send.ts';
import { InFlightError, type SenderContext } from './work.ts';

/**
 * Whether a submission that names a missing object or an unknown provider is a copy of a submission that has ended, so
 * that no failure is reported.
 *
 * @throws InFlightError if another worker has claimed the submission
 */
export async function isLateCopy(
  arrived: Exclude<Intake, { kind: 'ready' }>,
  record: SQSRecord,
  { attributes }: Destinations,
  { table, clock }: SenderContext,
): Promise<boolean> {
  const { id, submission } = arrived.kind === 'future' ? {} : arrived;
  // Only a message from a retry queue is known to have the content of the record: a malformed one may name any id.
  if (submission === undefined && attributes.notBefore === undefined) return false;
  const entry = await readRecord(table, id ?? attributes.submissionId);
  if (!entry) return false;
  const hash = submission === undefined ? entry.hash : submissionHash(submission);
  const { kind } = claimability(entry, { ...deliveryOf(record, attributes, hash), now: clock.now() });
  if (kind === 'in-flight') throw new InFlightError('another delivery of this submission is being worked on');
  return kind === 'over' && !isUnprovenRedrive(attributes, entry, record);
}
