import type { SQSRecord } from 'aws-lambda';
import { SUBMISSION_ID } from '../contract/dead-letter.ts';
import { readRecord } from '../submission/ledger.ts';
import { claimability, isOfRecord, submissionHash } from '../submission/record.ts';
import { claimRequestOf } from './claim.ts';
import type { Destinations } from './destinations.ts';
import { InFlightError, type SenderContext } from './work.ts';

/**
 * Ends a message on which the sender fails repeatedly, without processing it again. A submission that has ended, or waits
 * as another message, is left unchanged; so is the record of another submission with the same id.
 *
 * @throws InFlightError if another worker has claimed the submission, LedgerError if the ledger does not answer
 */
export async function endCrashed(
  record: SQSRecord,
  destinations: Destinations,
  detail: string,
  { table, clock }: Pick<SenderContext, 'table' | 'clock'>,
): Promise<void> {
  const body = objectIn(record.body);
  const id = idIn(body) ?? destinations.attributes.submissionId;
  destinations.attributes = { ...destinations.attributes, submissionId: id };
  const entry = await readRecord(table, id);
  const request = claimRequestOf(record, destinations.attributes, submissionHash(body));
  const hash = entry && isOfRecord(entry, request) ? entry.hash : request.hash;
  const standing = claimability(entry, { ...request, hash, now: clock.now() });
  if (standing.kind === 'over') return;
  if (standing.kind === 'in-flight') throw new InFlightError('another delivery of this submission is being worked on');
  if (standing.kind !== 'continues') return destinations.deadLetter({ reason: 'Crashed', detail });
  destinations.attributes = { ...destinations.attributes, log: standing.log };
  await destinations.deadLetter({ reason: 'Crashed', detail }, standing.entry.attempts.at(-1)?.provider);
  const end = { ...standing.log, state: 'dead', reason: 'Crashed', lease: undefined };
  // The dead letter was sent: until the record is written it reads as open, which does no harm.
  await table.write({ ...standing.entry, ...end }, standing.entry.rev).catch(() => undefined);
}

/** The unvalidated body, which may be the cause of the failures; empty if it is not a JSON object. */
function objectIn(body: string): object {
  try {
    const given: unknown = JSON.parse(body);
    return typeof given === 'object' && given !== null ? given : {};
  } catch {
    return {};
  }
}

/** The id in an unvalidated body, if it contains a valid one. */
function idIn(body: { readonly id?: unknown }): string | undefined {
  return typeof body.id === 'string' && SUBMISSION_ID.test(body.id) ? body.id : undefined;
}
