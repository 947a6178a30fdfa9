import type { SQSRecord } from 'aws-lambda';
import type { AdmissionRequest } from '../circuit/admission.ts';
import { defined } from '../platform/defined.ts';
import { vendorsOf } from '../providers/vendor.ts';
import { type Policy, policyOf } from '../routing/policy.ts';
import { type Route, uncarried } from '../routing/route.ts';
import { readRecord, TakenError } from '../submission/ledger.ts';
import { declareRefused, type Progress, pending } from '../submission/progress.ts';
import type { SubmissionRecord } from '../submission/record.ts';
import type { QueueAttributes } from '../submission/retry-attributes.ts';
import { timeLeft } from '../submission/settle.ts';
import { resolveUnknown } from './ask.ts';
import { chooseRoute } from './choose-route.ts';
import { type Claimed, claimSubmission, leave } from './claim.ts';
import { withoutPaused, withoutUnverified } from './class-filters.ts';
import { contentOf } from './content.ts';
import { attemptInOrder, type DeliverContext } from './deliver.ts';
import type { Destinations } from './destinations.ts';
import { isEarly } from './early.ts';
import { deadLetter, finishRound, type RoundEnd, reportClassAge, stopRound } from './finish.ts';
import { readInput } from './read-input.ts';
import { listEnded, reportSuppressed } from './suppressed.ts';
import { withoutListed } from './suppression-filter.ts';
import type { Skips } from './telemetry.ts';
import { withUnsubscribeLink } from './unsubscribe-link.ts';
import { handleUnusable } from './unusable.ts';
import type { Work, WorkContext } from './work.ts';

/**
 * Processes one queue message. The promise resolves when the message was sent to its next queue or needs no further processing, and rejects
 * when the message must stay on its queue.
 */
export async function processMessage(
  record: SQSRecord,
  destinations: Destinations,
  remainingMs: () => number,
  context: WorkContext,
): Promise<void> {
  if (await isEarly(record, destinations, context))
    return destinations.requeueAt(destinations.attributes.notBefore as number);
  const arrived = await withUnsubscribeLink(
    await readInput(record, destinations.attributes, remainingMs, context),
    context,
  );
  if (arrived.kind !== 'ready') return handleUnusable(arrived, record, destinations, context);
  const { attributes } = destinations;
  destinations.attributes = { ...attributes, submissionId: arrived.message.id };
  destinations.class = arrived.message.class;
  const isNew = attributes.notBefore === undefined && Number(record.attributes.ApproximateReceiveCount) <= 1;
  if (isNew && !attributes.canary) await context.tallies.countSubmission();
  return sendSubmission({ record, arrived, destinations, remainingMs, context });
}

/**
 * Makes one round with a submission: one run through the providers of its route, which are tried one after the other until no
 * recipient is left. `current` contains the record of the submission, if the record was read already.
 *
 * Each attempt is recorded before the provider is called. Its outcome is recorded with the next attempt, or at the end of the
 * round. If the provider's answer is lost, the recipients of the attempt wait for the next round, unless `onUnknown` is
 * `failover`. The next round first asks this provider whether it has the mail. If the provider does not have the mail, the next
 * provider is tried, unless `onUnknown` is `hold`.
 */
async function sendSubmission(work: Work, current?: { readonly record: SubmissionRecord | undefined }): Promise<void> {
  const { arrived, context } = work;
  const { message } = arrived;
  const claimed = await claimSubmission(work, current);
  if (claimed.kind !== 'claimed') return leave(claimed, work);
  const policy = policyFor(work);
  reportClassAge(work);
  const isUnread = !claimed.isCertain;
  const readFirst = async () => sendSubmission(work, { record: await readRecord(context.table, message.id) });
  if (policy.isOver && isUnread) return readFirst();

  const resolved = await resolveUnknown(claimed, policy, work);
  const listed = await withoutListed(resolved, policy, work);
  const open = policy.isOver ? listed : await withoutUnverified(await withoutPaused(listed, work), policy, work);
  const start = await reportSuppressed(open, work);
  const finish = async (progress: Progress, end: RoundEnd): Promise<void> => {
    const taken = await finishRound(progress, end, policy, claimed, work);
    if (taken) await sendSubmission(work, { record: taken.current });
  };
  if (policy.isOver || pending(start).length === 0) return finish(start, {});

  const { route, mime, unable } = await chooseRoute(start, claimed, policy, work);
  if (route.order.length === 0) return isUnread ? readFirst() : deadLetter(uncarried(route), start, claimed, work);

  // No further attempt is made for a recipient that all providers of the route have refused. This is decided before the attempts,
  // even if other recipients have to wait.
  const keys = route.order.map(({ key }) => key);
  const offered = declareRefused(start, keys, route.unsupported);
  const round = await attemptInOrder(
    contentOf(message, mime),
    route.order,
    offered,
    roundContext(route, unable, claimed, policy, work),
  );
  const { stopped, progress: after, ...end } = round;
  // The first write of the round failed, since the table contains another version of the record than expected. This can happen
  // when SQS delivers a message for the first time: then the record is not read before the first write. No provider was called,
  // so the round is started again with the stored record.
  if (stopped instanceof TakenError && !claimed.claim.begun) return sendSubmission(work, { record: stopped.current });
  const [progress] = await Promise.all([reportSuppressed(after, work), listEnded(after, work)]);
  if (stopped) return stopRound(progress, stopped, claimed, work);
  return finish(progress, { ...end, waitFor: keys[0] });
}

/**
 * The settings of a round. `isOver` is true if no provider may be tried any more: the submission has expired or was tried for
 * four days, or its message had waited for more than five days when it was first received.
 */
type RoundPolicy = Policy & { readonly now: number; readonly isOver: boolean };

function policyFor({ arrived, destinations, context }: Work): RoundPolicy {
  const { firstSeen, born } = destinations.attributes;
  const now = context.clock.now();
  const policy = policyOf(arrived.submission, context.environment.routes ?? [], {
    now,
    ageMs: destinations.since(born),
  });
  const isOver = destinations.isStale || timeLeft(destinations.since(firstSeen), policy.expiresInMs) <= 0;
  return { ...policy, now, isOver };
}

function roundContext(
  { substituted, unsupported }: Route,
  unable: Skips,
  { claim }: Claimed,
  { now, onUnknown, tracking, expiresInMs }: RoundPolicy,
  { context, destinations, remainingMs }: Work,
): DeliverContext {
  const { straightLogShare, providers } = context.environment;
  return {
    ...context,
    vendorOf: vendorsOf(providers),
    unable,
    remainingMs,
    claim,
    queueKind: queueKindOf(destinations.attributes, expiresInMs),
    onUnknown,
    tracking,
    substituted,
    unsupported,
    ...defined({ expiresAt: expiresInMs === undefined ? undefined : now + expiresInMs, straightLogShare }),
  };
}

/** Mail that expires within this number of milliseconds is urgent. */
const URGENT_MS = 3_600_000;

/**
 * Returns how urgent the mail is. The result decides which mail gets the next free slot (time for one call) of a provider's rate
 * limit. A canary (a test mail of Mailover) is urgent: it is never retried, so a canary that gets no slot would raise a false
 * alarm.
 */
function queueKindOf(
  { canary, notBefore }: QueueAttributes,
  expiresInMs: number | undefined,
): AdmissionRequest['queueKind'] {
  if (canary || (expiresInMs !== undefined && expiresInMs < URGENT_MS)) return 'urgent';
  return notBefore === undefined ? 'fresh' : 'backlog';
}
