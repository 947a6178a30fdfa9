import type { Problem } from '../contract/dead-letter.ts';
import { defined } from '../platform/defined.ts';
import { type Policy, routeOf } from '../routing/policy.ts';
import { type ClaimEnd, LedgerError, TakenError } from '../submission/ledger.ts';
import { INTERRUPTED } from '../submission/log.ts';
import type { Progress } from '../submission/progress.ts';
import { settle } from '../submission/settle.ts';
import { withLastAnswers } from './answer-texts.ts';
import type { Claimed } from './claim.ts';
import type { RoundResult } from './deliver.ts';
import { reportAccepted, reportClassWait } from './telemetry.ts';
import { InFlightError, type Work } from './work.ts';

/**
 * Facts about a round (one run through the providers of a submission) that decide how long the submission waits if it must be
 * retried.
 */
export type RoundEnd = Omit<RoundResult, 'progress' | 'stopped'> & {
  /** Key of the provider to whose retry queue the submission is sent, if the submission must wait. */
  readonly waitFor?: string | undefined;
};

/**
 * Ends a round: the submission is done, waits on a retry queue, or is dead-lettered. Updates the record of the submission in the
 * table.
 *
 * @returns a TakenError if the record was not read before this round, no provider was called, and the first write failed because
 * the table contains a record of the submission. The submission must then be processed again with this record. Otherwise
 * undefined
 */
export async function finishRound(
  progress: Progress,
  end: RoundEnd,
  { expiresInMs }: Policy,
  claimed: Claimed,
  work: Work,
): Promise<TakenError | undefined> {
  const { context, destinations } = work;
  const { waitFor, ...waits } = end;
  const settlement = settle(progress, {
    ...waits,
    ageMs: destinations.since(destinations.attributes.firstSeen),
    stale: destinations.isStale,
    random: context.random(),
    ...defined({ expiresInMs }),
    ...repeatedUnknown(progress, work),
  });
  if (settlement.kind === 'dead-letter') {
    const detail = withLastAnswers(settlement.detail, progress.log.attempts);
    await deadLetter({ ...settlement, detail }, progress, claimed, work);
    return undefined;
  }
  const nextTryAt = settlement.kind === 'retry' ? destinations.timeAfter(settlement.delayMs) : undefined;
  const close: ClaimEnd = nextTryAt === undefined ? { state: 'done' } : { state: 'open', nextTryAt };
  const failed = await record(progress, close, claimed, work);
  if (failed instanceof TakenError && !claimed.isCertain && !claimed.claim.begun) return failed;
  updateAttributes(progress, claimed, work);
  if (failed instanceof TakenError) throwUnlessEnded(failed);
  // The message on the retry queue has the outcomes of the attempts in its attributes. If the record of the submission could not
  // be written, the process that receives this message writes the outcomes to the record. A wait for a paused class of mail or
  // for an unverified recipient is not reported as a retry, since such a wait is no sign of a fault.
  else if (nextTryAt !== undefined && waitsForClass(progress)) await destinations.requeueAt(nextTryAt, waitFor);
  else if (nextTryAt !== undefined) await destinations.retryAt(nextTryAt, waitFor);
  else if (failed instanceof LedgerError) throw failed;
  else if (progress.recipients.some(({ end: one }) => one === 'accepted')) {
    reportAccepted(context, destinations.since(destinations.attributes.born));
    reportClassAge(work);
  }
  return undefined;
}

function waitsForClass({ recipients, unreported }: Progress): boolean {
  return unreported.length === 0 && recipients.every(({ end, gated }) => end !== undefined || gated);
}

/** Sends the message to the dead-letter queue, and then records in the table that the submission has ended. */
export async function deadLetter(problem: Problem, progress: Progress, claimed: Claimed, work: Work): Promise<void> {
  updateAttributes(progress, claimed, work);
  try {
    await work.destinations.deadLetter(problem, progress.log.attempts.at(-1)?.provider);
  } catch (error) {
    // The message stays on its queue and is received again. The next round reads the providers' answers from the record.
    await record(progress, { state: 'open' }, claimed, work);
    throw error;
  }
  await record(progress, { state: 'dead', reason: problem.reason }, claimed, work);
}

/**
 * Ends a round early, because the table with the records did not answer or another worker has claimed the submission. If another
 * worker has claimed the submission, the outcomes of this round are added to the record. In both cases, the outcomes are added to
 * the attributes with which the message is sent to its next queue.
 *
 * @throws LedgerError if the table did not answer, InFlightError if another worker has claimed the submission and the submission
 * has not ended
 */
export async function stopRound(
  progress: Progress,
  reason: LedgerError | TakenError,
  claimed: Claimed,
  work: Work,
): Promise<void> {
  const failed = reason instanceof TakenError ? await record(progress, { state: 'open' }, claimed, work) : undefined;
  updateAttributes(progress, claimed, work);
  if (reason instanceof LedgerError) throw reason;
  throwUnlessEnded(failed instanceof TakenError ? failed : reason);
}

/**
 * Throws an InFlightError if another worker has claimed the submission and the submission has not ended. If the submission has
 * ended, returns, so that this copy of its queue message is deleted.
 */
function throwUnlessEnded({ current }: TakenError): void {
  if (current?.state === 'done' || current?.state === 'dead') return;
  throw new InFlightError('another delivery of this submission has taken over its claim');
}

/**
 * Returns the age, in milliseconds of stack time, of the oldest attempt with an unknown outcome at a provider from which several
 * answers were lost and which was not asked yet. The wait before the next round grows with this age, since it would not help to
 * ask and to try such a provider each minute.
 */
function repeatedUnknown({ unknownAttempts, log }: Progress, { destinations }: Work): { readonly unknownMs?: number } {
  const lost = log.attempts.filter(
    ({ outcome, maybeTaken, reason }) => (outcome === 'unknown' || maybeTaken) && reason !== INTERRUPTED,
  );
  const again = unknownAttempts.filter(
    ({ provider, settled, asked }) =>
      !settled && asked === 0 && lost.filter((one) => one.provider === provider).length > 1,
  );
  return again.length === 0 ? {} : { unknownMs: destinations.since(Math.min(...again.map(({ at }) => at))) };
}

/**
 * Updates the attributes with which the message is sent to its next queue. If a write of this worker to the record is known to
 * have succeeded, the message gets the id of the worker as its token, and the attributes that mark the message as redriven are
 * removed.
 */
function updateAttributes(progress: Progress, { claim }: Claimed, { destinations }: Work): void {
  const { redriven, unproven, ...opened } = destinations.attributes;
  destinations.attributes = {
    ...(claim.written ? opened : destinations.attributes),
    worker: claim.worker,
    ...defined({ signature: claim.written ? claim.worker : undefined }),
    log: progress.log,
  };
}

/**
 * Ends this worker's claim, and writes the outcomes and the state of the submission to its record. If the table does not answer,
 * or if another worker has claimed the submission, the promise resolves with the error.
 */
async function record(
  progress: Progress,
  end: ClaimEnd,
  { claim }: Claimed,
  { context, record: { messageId } }: Work,
): Promise<LedgerError | TakenError | undefined> {
  try {
    await claim.close(progress.log, end);
    return undefined;
  } catch (error) {
    if (!(error instanceof LedgerError || error instanceof TakenError)) throw error;
    context.log.warn('outcome not recorded', { queueMessageId: messageId, error: error.name });
    return error;
  }
}

/** Adds to the metrics how long a submission has waited so far, if its class of mail has the setting `expiresAfterSeconds`. */
export function reportClassAge({ context, destinations, arrived }: Work): void {
  const route = routeOf(arrived.submission, context.environment.routes ?? []);
  if (route?.expiresAfterSeconds !== undefined)
    reportClassWait(context, route.class, destinations.since(destinations.attributes.born));
}
