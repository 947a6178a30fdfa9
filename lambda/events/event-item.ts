import { createHash } from 'node:crypto';
import type { DeliveryEvent } from '../contract/event.ts';
import { EVENT_VERSION } from '../contract/event-words.ts';
import { defined } from '../platform/defined.ts';
import type { ListItem, ListTable } from '../platform/list-table.ts';
import type { ReportedEvent } from '../providers/event.ts';

/** Lifetime of an event: as long as the record of its submission may live. */
const RETENTION_S = 30 * 24 * 3_600;

/** Name of the list with the events of a submission. */
function eventList(submissionId: string): string {
  return `event/${submissionId}`;
}

/** The delivery event of what a provider reports. */
export function deliveryEvent(provider: string, event: ReportedEvent, now: number): DeliveryEvent {
  const { eventId, recipient, providerMessageId, reference, metadata, at = now } = event;
  const { type, bounce, reason, detail, smtpCode, tag, machine } = event;
  const id = createHash('sha256').update(`${provider}\0${eventId}`).digest('base64url');
  return {
    version: EVENT_VERSION,
    id,
    provider,
    // A provider without an id of its own is recognised by its whole content, which is no id to read.
    providerEventId: eventId.length > 300 ? id : eventId,
    ...defined({ providerMessageId }),
    type,
    ...defined({ bounce, recipient }),
    ...reference,
    ...defined({ machine: machine || undefined, tag, metadata }),
    at: new Date(at).toISOString(),
    ...defined({ reason, detail, smtpCode }),
  };
}

/** What the list of a submission keeps of an event. */
export interface KeptEvent
  extends Pick<
    DeliveryEvent,
    'id' | 'provider' | 'type' | 'at' | 'bounce' | 'reason' | 'attempt' | 'machine' | 'providerMessageId'
  > {
  /** Keyed hash of the recipient's address; absent if the event names none. */
  readonly recipient?: string;
}

/** Place of an event in its list; with an empty `id`, the beginning of the places of one recipient's events. */
export function eventPlace(recipient: string | undefined, id: string): string {
  return `${recipient ?? ''}/${id}`;
}

/**
 * The item of an event. The recipient's address is in it as `recipient`, its keyed hash, so that a copy of the table names
 * no one. Events without a known submission are in a list of their provider and day.
 */
export function eventItem(event: DeliveryEvent, recipient: string | undefined, now: number): ListItem {
  const { id, provider, submissionId, type, bounce, reason, at, attempt, machine, providerMessageId } = event;
  return {
    pk: submissionId === undefined ? `event/-/${provider}/${at.slice(0, 10)}` : eventList(submissionId),
    sk: eventPlace(recipient, id),
    provider,
    type,
    at,
    ...defined({ bounce, reason: reason || undefined, attempt, machine, providerMessageId }),
    expires: Math.floor(now / 1000) + RETENTION_S,
  };
}

/** All events of a submission, in no order of time. */
export async function eventsOf(lists: Pick<ListTable, 'list'>, submissionId: string): Promise<readonly KeptEvent[]> {
  return (await lists.list(eventList(submissionId))).map(keptEvent);
}

export function keptEvent({ pk: _pk, sk, expires: _expires, ...kept }: ListItem): KeptEvent {
  const [recipient, id] = sk.split('/');
  return { ...(kept as Omit<KeptEvent, 'id' | 'recipient'>), id: id ?? '', ...(recipient && { recipient }) };
}
