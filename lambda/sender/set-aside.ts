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

/** The body has a version that this release does not know; it stays on its queue for a newer deployment. */
export class NewerVersionError extends MessageKeptError {
  override readonly name = 'NewerVersionError';
}

/**
 * Ends a message that cannot be processed, or lets it wait for its object or for a newer release.
 *
 * @throws NewerVersionError if it must stay on its queue for a newer release, InFlightError if another worker has claimed its
 * submission
 */
export async function setAside(
  arrived: Exclude<Intake, { kind: 'ready' }>,
  record: SQSRecord,
  destinations: Destinations,
  context: SenderContext,
): Promise<void> {
  const { log, random, environment } = context;
  if (await isLateCopy(arrived, record, destinations, context)) return;
  if ('id' in arrived && arrived.id !== undefined)
    destinations.attributes = { ...destinations.attributes, submissionId: arrived.id };
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
      // A redriven message stays on the outbound queue: on a retry queue it would lose the mark of the redrive, and the
      // lifetime of its objects would not be extended.
      if (destinations.attributes.redriven)
        throw new MessageKeptError(`object not readable: ${errorName(arrived.error)}`);
      if (timeLeft(ageMs, undefined) <= 0)
        return destinations.deadLetter({ reason: 'Exhausted', detail: 'an object could not be read for four days' });
      return destinations.retryAt(destinations.timeAfter(backoff(ageMs, random(), SOON_MS)));
    }
  }
}

/**
 * Whether a submission that names a missing object or an unknown provider is a copy of a submission that has ended, so
 * that no failure is reported.
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
  // A malformed message may name any id.
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
