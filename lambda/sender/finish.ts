import type { Problem } from '../contract/dead-letter.ts';
import { defined } from '../platform/defined.ts';
import { type Policy, routeOf } from '../routing/policy.ts';
import { type ClaimEnd, LedgerError, TakenError } from '../submission/ledger.ts';
import { INTERRUPTED } from '../submission/log.ts';
import type { Progress } from '../submission/progress.ts';
import { settle } from '../submission/settle.ts';
import type { Claimed } from './claim.ts';
import type { RoundResult } from './deliver.ts';
import { withLastWords } from './last-words.ts';
import { reportAccepted, reportClassWait } from './telemetry.ts';
import { InFlightError, type Work } from './work.ts';

/** Circumstances of a round that decide how long the submission waits, if it does. */
export type RoundEnd = Omit<RoundResult, 'progress' | 'stopped'> & {
  /** Provider whose retry queue a waiting submission is sent to. */
  readonly waitFor?: string | undefined;
};

/**
 * Ends a round: the submission is done, waits on a retry queue, or is dead-lettered, and the record says so.
 *
 * @returns the error of a first delivery that called no provider and found a record at its first write: it has ended
 * nothing, and has to start again with that record
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
    const detail = withLastWords(settlement.detail, progress.log.attempts);
    await deadLetter({ ...settlement, detail }, progress, claimed, work);
    return undefined;
  }
  const nextTryAt = settlement.kind === 'retry' ? destinations.timeAfter(settlement.delayMs) : undefined;
  const close: ClaimEnd = nextTryAt === undefined ? { state: 'done' } : { state: 'open', nextTryAt };
  const failed = await record(progress, close, claimed, work);
  if (failed instanceof TakenError && !claimed.isCertain && !claimed.claim.begun) return failed;
  updateAttributes(progress, claimed, work);
  if (failed instanceof TakenError) giveWay(failed);
  // An outcome that could not be recorded is in the attributes of the message, whose next round records it.
  // Mail that waits only for its class is no sign of a fault.
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

/** Sends the message to the dead-letter queue, then records that. */
export async function deadLetter(problem: Problem, progress: Progress, claimed: Claimed, work: Work): Promise<void> {
  updateAttributes(progress, claimed, work);
  try {
    await work.destinations.deadLetter(problem, progress.log.attempts.at(-1)?.provider);
  } catch (error) {
    // The message is delivered again; without this write the providers' answers would be unknown then.
    await record(progress, { state: 'open' }, claimed, work);
    throw error;
  }
  await record(progress, { state: 'dead', reason: problem.reason }, claimed, work);
}

/**
 * Ends a round early, because the ledger did not answer or another worker has claimed the submission. Its outcomes are
 * added to the record of the other worker, or travel in the attributes of the next message.
 *
 * @throws the reason, unless the submission has ended
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
  giveWay(failed instanceof TakenError ? failed : reason);
}

/** Leaves the rest to the worker that has claimed the submission; if the submission has ended, so does this copy. */
function giveWay({ current }: TakenError): void {
  if (current?.state === 'done' || current?.state === 'dead') return;
  throw new InFlightError('another delivery of this submission has taken over its claim');
}

/**
 * Age of the oldest repeated unknown outcome: asking and trying again each minute would not help a provider that fails
 * like this.
 */
function repeatedUnknown({ doubts, log }: Progress, { destinations }: Work): { readonly doubtMs?: number } {
  const lost = log.attempts.filter(
    ({ outcome, maybeTaken, reason }) => (outcome === 'unknown' || maybeTaken) && reason !== INTERRUPTED,
  );
  const again = doubts.filter(
    ({ provider, settled, asked }) =>
      !settled && asked === 0 && lost.filter((one) => one.provider === provider).length > 1,
  );
  return again.length === 0 ? {} : { doubtMs: destinations.since(Math.min(...again.map(({ at }) => at))) };
}

/**
 * Updates the attributes of the next message. It is signed only if this worker's record write is known to have
 * succeeded.
 */
function updateAttributes(progress: Progress, { claim }: Claimed, { destinations }: Work): void {
  const { redriven, unproven, ...opened } = destinations.attributes;
  destinations.attributes = {
    ...(claim.written ? opened : destinations.attributes),
    worker: claim.worker,
    ...(claim.written && { signature: claim.worker }),
    log: progress.log,
  };
}

/** Writes the record; the error if the table does not answer or another worker has claimed the submission. */
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

/** Records how long a submission has waited so far, only where its class has an expiry. */
export function reportClassAge({ context, destinations, arrived }: Work): void {
  const route = routeOf(arrived.submission, context.environment.routes ?? []);
  if (route?.expiresAfterSeconds !== undefined)
    reportClassWait(context, route.class, destinations.since(destinations.attributes.born));
}
