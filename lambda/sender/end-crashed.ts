import type { SQSRecord } from 'aws-lambda';
import { SUBMISSION_ID } from '../contract/dead-letter.ts';
import { readRecord } from '../submission/ledger.ts';
import { claimability, isOfRecord, submissionHash } from '../submission/record.ts';
import { claimRequestOf } from './claim.ts';
import type { Destinations } from './destinations.ts';
import { InFlightError, type SenderContext } from './work.ts';

/**
 * Sends a message on which the sender has repeatedly crashed to the dead-letter queue, without processing the message again. If
 * the submission has ended, or another message continues the submission, nothing is done. If the record belongs to another
 * submission with the same id, the record is not changed.
 *
 * @throws InFlightError if another worker has claimed the submission, LedgerError if the table with the records does not answer
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
  const stored = await readRecord(table, id);
  const request = claimRequestOf(record, destinations.attributes, given.hash);
  const hash = stored && isOfRecord(stored, request) ? stored.hash : request.hash;
  const state = claimability(stored, { ...request, hash, now: clock.now() });
  if (state.kind === 'over') return;
  if (state.kind === 'in-flight') throw new InFlightError('another delivery of this submission is being worked on');
  if (!stored || state.kind !== 'continues') return destinations.deadLetter({ reason: 'Crashed', detail });
  destinations.attributes = { ...destinations.attributes, log: state.log };
  await destinations.deadLetter({ reason: 'Crashed', detail }, stored.attempts.at(-1)?.provider);
  const end = { ...state.log, state: 'dead', reason: 'Crashed', lease: undefined };
  // The dead letter was sent before this write. If the write fails, the record remains open. No mail is lost or sent twice, but
  // the daily count may count the submission as lost.
  await table.write({ ...stored, ...end }, stored.rev).catch(() => undefined);
}

/** Returns the id and the content hash of a submission. The body is not validated, since the validation may be the cause of the crash. */
function unvalidated(body: string): { readonly id: string | undefined; readonly hash: string } {
  let id: string | undefined;
  try {
    const given: object = Object(JSON.parse(body));
    if ('id' in given && typeof given.id === 'string' && SUBMISSION_ID.test(given.id)) id = given.id;
    return { id, hash: submissionHash(given) };
  } catch {
    // The body is no JSON, or is nested so deeply that computing the hash overflows the call stack. No record has the empty text
    // as its hash.
    return { id, hash: '' };
  }
}
