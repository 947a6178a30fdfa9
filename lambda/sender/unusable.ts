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

/** The body has a version that this release of Mailover cannot read. The message stays on its queue until a newer release is deployed. */
export class NewerVersionError extends MessageKeptError {
  override readonly name = 'NewerVersionError';
}

/**
 * Handles a message that cannot be processed now. The message is dead-lettered, or waits until its S3 object can be read or until a newer
 * release of Mailover is deployed.
 *
 * @throws NewerVersionError if the message must stay on its queue for a newer release, InFlightError if another worker has claimed the
 * submission
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
      // A redriven message stays on the outbound queue. On a retry queue, the message would no longer be marked as redriven, and the
      // lifetime of its S3 objects would not be extended.
      if (destinations.attributes.redriven)
        throw new MessageKeptError(`object not readable: ${errorName(arrived.error)}`);
      if (timeLeft(ageMs, undefined) <= 0)
        return destinations.deadLetter({ reason: 'Exhausted', detail: 'an object could not be read for four days' });
      return destinations.retryAt(destinations.timeAfter(backoff(ageMs, random(), SOON_MS)));
    }
  }
}

/**
 * Whether a message that cannot be processed, for example because its S3 object is missing, is a late copy: its submission has ended, or
 * another message continues the submission. No failure is reported for a late copy.
 *
 * @throws InFlightError if another worker has claimed the submission
 */
async function isLateCopy(
  arrived: Exclude<Intake, { kind: 'ready' }>,
  record: SQSRecord,
  { attributes }: Destinations,
  { table, clock }: SenderContext,
): Promise<boolean> {
  const { id, submission } = arrived.kind === 'future' ? {} : arrived;
  // A malformed message may contain the id of another submission.
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
