import { createHash } from 'node:crypto';
import type { DeliveryEvent } from '../contract/event.ts';
import { EVENT_VERSION } from '../contract/event-enums.ts';
import { enqueueEvent } from '../events/enqueue.ts';
import type { Message } from '../mail/message.ts';
import { defined } from '../platform/defined.ts';
import { errorName } from '../platform/error-name.ts';
import { loggedId } from '../providers/reference.ts';
import { type Progress, type Suppression, withoutNotified } from '../submission/progress.ts';
import type { Work } from './work.ts';

/**
 * Puts an event on the events queue for each suppressed recipient that was not reported yet. An event that could not be put on
 * the queue is sent in a later round, which is a later run through the providers of the submission.
 */
export async function reportSuppressed(progress: Progress, { context, record, arrived }: Work): Promise<Progress> {
  const { queue, environment, clock, log } = context;
  const reported = new Set<string>();
  // The events are sent in parallel. If they were sent one after the other, the time that is reserved for the end of a round
  // could be too short.
  await Promise.all(
    progress.unreported.map((one) =>
      enqueueEvent(queue, environment.eventsQueueUrl, suppressedEvent(arrived.message, one, clock.now())).then(
        () => reported.add(one.address),
        (error: unknown) => log.warn('event not queued', { queueMessageId: record.messageId, error: errorName(error) }),
      ),
    ),
  );
  return withoutNotified(progress, reported);
}

/**
 * Adds to a list in the table the recipients for which no further attempt is made from this round on, because only one provider
 * refused the mailbox. If the refusals turn out to be wrong, an operator can find the recipients in this list. The recipients are
 * added to the list even if their events are sent only in a later round.
 */
export async function listEnded({ unreported }: Progress, { context, arrived }: Work): Promise<void> {
  const at = context.clock.now();
  const lists = Map.groupBy(
    unreported.filter(({ alone }) => alone),
    ({ provider }) => provider,
  );
  for (const [provider, group] of lists) {
    const ended = group.map(({ address, reason }) => ({ at, submissionId: arrived.message.id, address, reason }));
    await context.tallies.listEnded(provider, ended).catch((error: unknown) => {
      context.log.warn('not listed as ended', {
        submissionId: loggedId(arrived.message.id),
        provider,
        error: errorName(error),
      });
    });
  }
}

/** Returns the event of type `suppressed` that reports a suppressed recipient to the producer. */
function suppressedEvent(message: Message, one: Suppression, now: number): DeliveryEvent {
  const id = createHash('sha256')
    .update(`suppressed\0${message.id}\0${one.provider}\0${one.address}`)
    .digest('base64url');
  return {
    version: EVENT_VERSION,
    id,
    provider: one.provider,
    providerEventId: id,
    type: 'suppressed',
    recipient: one.address,
    submissionId: message.id,
    ...defined({
      class: message.class,
      attempt: one.attempt > 0 ? one.attempt : undefined,
      tag: message.tag,
      metadata: Object.keys(message.metadata).length > 0 ? message.metadata : undefined,
    }),
    at: new Date(now).toISOString(),
    reason: one.reason,
    ...defined({ detail: one.detail || undefined }),
  };
}
