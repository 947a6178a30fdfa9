import type { SQSRecord } from 'aws-lambda';
import { SUBMISSION_ID } from '../contract/dead-letter.ts';
import { readRecord } from '../submission/ledger.ts';
import { claimability } from '../submission/record.ts';
import { claimRequestOf } from './claim.ts';
import type { Destinations } from './destinations.ts';
import { InFlightError, type SenderContext } from './work.ts';

/**
 * Ends a message on which the sender fails repeatedly, without processing it again. A submission that has ended, or waits
 * as another message, is left unchanged.
 *
 * @throws InFlightError if another worker has claimed the submission, LedgerError if the ledger does not answer
 */
export async function endCrashed(
  record: SQSRecord,
  destinations: Destinations,
  detail: string,
  { table, clock }: Pick<SenderContext, 'table' | 'clock'>,
): Promise<void> {
  const id = idIn(record.body) ?? destinations.attributes.submissionId;
  destinations.attributes = { ...destinations.attributes, submissionId: id };
  const entry = await readRecord(table, id);
  const standing = claimability(entry, {
    ...claimRequestOf(record, destinations.attributes, entry?.hash ?? ''),
    now: clock.now(),
  });
  if (standing.kind === 'over') return;
  if (standing.kind === 'in-flight') throw new InFlightError('another delivery of this submission is being worked on');
  if (standing.kind === 'continues') destinations.attributes = { ...destinations.attributes, log: standing.log };
  await destinations.deadLetter({ reason: 'Crashed', detail }, entry?.attempts.at(-1)?.provider);
  if (standing.kind !== 'continues') return;
  const end = { ...standing.log, state: 'dead', reason: 'Crashed', lease: undefined };
  // The dead letter was sent: until the record is written it reads as open, which does no harm.
  await table.write({ ...standing.entry, ...end }, standing.entry.rev).catch(() => undefined);
}

/** The id in an unvalidated body, if it contains a valid one. */
function idIn(body: string): string | undefined {
  try {
    const { id } = JSON.parse(body) as { id?: unknown };
    return typeof id === 'string' && SUBMISSION_ID.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
