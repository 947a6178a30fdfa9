import type { SQSRecord } from 'aws-lambda';
import { errorName } from '../platform/error-name.ts';
import { backoff, SOON_MS } from '../submission/backoff.ts';
import { readRecord } from '../submission/ledger.ts';
import { claimability, isOfRecord, submissionHash } from '../submission/record.ts';
import { STALE, timeLeft } from '../submission/settle.ts';
import { claimRequestOf, isUnprovenRedrive } from './claim.ts';
import type { Destinations } from './destinations.ts';
import type { Intake } from './intake.ts';
import { reportOwnTrouble } from './telemetry.ts';
import { InFlightError, isLastReceive, MessageKeptError, type SenderContext } from './work.ts';

/**
 * Error: the body has a version that this release of Mailover cannot read. The message stays on its queue, since a newer release
 * may be deployed in time.
 */
export class NewerVersionError extends MessageKeptError {
  override readonly name = 'NewerVersionError';
}

/**
 * Handles a message whose body or S3 objects cannot be read. For a late copy, nothing is done. Otherwise the message is
 * dead-lettered, or waits until its S3 object can be read or a newer release of Mailover is deployed.
 *
 * @throws NewerVersionError if the message must stay on its queue for a newer release, InFlightError if another worker has
 * claimed the submission, MessageKeptError if an S3 object of a redriven message cannot be read, LedgerError if the table with
 * the records does not answer
 */
export async function handleUnusable(
  arrived: Exclude<Intake, { kind: 'ready' }>,
  record: SQSRecord,
  destinations: Destinations,
  context: SenderContext,
): Promise<void> {
  const { log, random, environment } = context;
  if (await isLateCopy(arrived, record, destinations, context)) return;
  if (arrived.id !== undefined) destinations.attributes = { ...destinations.attributes, submissionId: arrived.id };
  switch (arrived.kind) {
    case 'problem':
      return destinations.deadLetter(arrived.problem);
    case 'future':
      if (!isLastReceive(record, environment) && !destinations.isStale)
        throw new NewerVersionError(`version ${arrived.version} is newer than this release`);
      return destinations.deadLetter({
        reason: 'Malformed',
        detail: `version: ${arrived.version}, which no deployed release could read; it must be 1`,
      });
    case 'trouble': {
      reportOwnTrouble(context, 'objects');
      log.warn('object not readable', {
        submissionId: destinations.attributes.submissionId.includes('@')
          ? undefined
          : destinations.attributes.submissionId,
        error: errorName(arrived.error),
      });
      const ageMs = destinations.since(destinations.attributes.firstSeen);
      if (destinations.isStale) return destinations.deadLetter(STALE);
      // A redriven message stays on the outbound queue. When it is received again, it is recognised as redriven again, and the
      // lifetime of its S3 objects is extended.
      if (destinations.attributes.redriven)
        throw new MessageKeptError(`object not readable: ${errorName(arrived.error)}`);
      if (timeLeft(ageMs, undefined) <= 0)
        return destinations.deadLetter({ reason: 'Exhausted', detail: 'an object could not be read for four days' });
      return destinations.retryAt(destinations.timeAfter(backoff(ageMs, random(), SOON_MS)));
    }
  }
}

/**
 * Whether a message is a late copy: its submission has ended, or another queue message continues the submission. A late copy may
 * be unreadable, for example because its S3 object was deleted after the submission had ended. No failure is reported for it.
 *
 * @throws InFlightError if another worker has claimed the submission, LedgerError if the table with the records does not answer
 */
async function isLateCopy(
  arrived: Exclude<Intake, { kind: 'ready' }>,
  record: SQSRecord,
  { attributes }: Destinations,
  { table, clock }: SenderContext,
): Promise<boolean> {
  const { id, submission } = arrived.kind === 'future' ? {} : arrived;
  // The id in a malformed message may be the id of another submission. Therefore this id alone is not used to find a record.
  if (submission === undefined && attributes.notBefore === undefined) return false;
  const entry = await readRecord(table, id ?? attributes.submissionId);
  if (!entry) return false;
  const request = claimRequestOf(
    record,
    attributes,
    submission === undefined ? entry.hash : submissionHash(submission),
  );
  if (submission === undefined && !isOfRecord(entry, request)) return false;
  const { kind } = claimability(entry, { ...request, now: clock.now() });
  if (kind === 'in-flight') throw new InFlightError('another delivery of this submission is being worked on');
  return kind === 'over' && !isUnprovenRedrive(attributes, entry, record);
}
