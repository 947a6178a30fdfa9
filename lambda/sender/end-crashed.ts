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
  const given = unvalidated(record.body);
  const id = given.id ?? destinations.attributes.submissionId;
  destinations.attributes = { ...destinations.attributes, submissionId: id };
  const entry = await readRecord(table, id);
  const request = claimRequestOf(record, destinations.attributes, given.hash);
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

/** What identifies the submission in an unvalidated body, which may be the cause of the failures. */
function unvalidated(body: string): { readonly id: string | undefined; readonly hash: string } {
  let id: string | undefined;
  try {
    const given: object = Object(JSON.parse(body));
    if ('id' in given && typeof given.id === 'string' && SUBMISSION_ID.test(given.id)) id = given.id;
    return { id, hash: submissionHash(given) };
  } catch {
    // No JSON, or nested so deeply that its hash exceeds the call stack: no record has the hash of such a body.
    return { id, hash: '' };
  }
}
