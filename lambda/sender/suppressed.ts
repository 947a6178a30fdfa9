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

/** Sends an event to the producer for each suppressed recipient. Events that could not be sent are sent in a later round. */
export async function reportSuppressed(progress: Progress, { context, record, arrived }: Work): Promise<Progress> {
  const { queue, environment, clock, log } = context;
  const out = new Set<string>();
  // The events are sent in parallel, since the time that is reserved for the end of a round would be too short for one event after another.
  await Promise.all(
    progress.unreported.map((one) =>
      enqueueEvent(queue, environment.eventsQueueUrl, suppressedEvent(arrived.message, one, clock.now())).then(
        () => out.add(one.address),
        (error: unknown) => log.warn('event not queued', { queueMessageId: record.messageId, error: errorName(error) }),
      ),
    ),
  );
  return withoutNotified(progress, out);
}

/**
 * Lists the recipients that get no further attempt from this round on, because one provider alone refused the mailbox. With this
 * list the recipients can be found later, if the refusals turn out to be wrong. The recipients are listed even if their events are
 * sent only in a later round.
 */
export async function listEnded({ unreported }: Progress, { context, arrived }: Work): Promise<void> {
  const at = context.clock.now();
  const lists = Map.groupBy(
    unreported.filter(({ alone }) => alone),
    ({ provider }) => provider,
  );
  for (const [provider, those] of lists) {
    const ended = those.map(({ address, reason }) => ({ at, submissionId: arrived.message.id, address, reason }));
    await context.tallies.listEnded(provider, ended).catch((error: unknown) => {
      context.log.warn('not listed as ended', {
        submissionId: loggedId(arrived.message.id),
        provider,
        error: errorName(error),
      });
    });
  }
}

/** The delivery event that reports a suppressed recipient to the producer. */
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
