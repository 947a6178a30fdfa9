import { createHash } from 'node:crypto';
import type { DeliveryEvent } from '../contract/event.ts';
import { EVENT_VERSION } from '../contract/event-enums.ts';
import { defined } from '../platform/defined.ts';
import type { ListItem, ListTable } from '../platform/list-table.ts';
import type { ReportedEvent } from '../providers/event.ts';

/** Lifetime of a stored event, in seconds: the record of its submission is stored for the same time. */
const RETENTION_S = 30 * 24 * 3_600;

/** Returns the name of the list with the events of a submission. */
function eventList(submissionId: string): string {
  return `event/${submissionId}`;
}

/** Converts an event that a provider reports into Mailover's form of a delivery event. */
export function deliveryEvent(provider: string, event: ReportedEvent, now: number): DeliveryEvent {
  const { eventId, recipient, providerMessageId, reference, metadata, at = now } = event;
  const { type, bounce, reason, detail, smtpCode, tag, machine } = event;
  const id = createHash('sha256').update(`${provider}\0${eventId}`).digest('base64url');
  return {
    version: EVENT_VERSION,
    id,
    provider,
    // If the provider gives no id, `eventId` is the whole content of the event, which is too long to be shown.
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

/** Properties of an event that are stored in the list of its submission. */
export interface KeptEvent
  extends Pick<
    DeliveryEvent,
    'id' | 'provider' | 'type' | 'at' | 'bounce' | 'reason' | 'attempt' | 'machine' | 'providerMessageId'
  > {
  /** Keyed hash of the recipient's address; absent if the event names no recipient. */
  readonly recipient?: string;
}

/** Returns the sort key of an event in its list; with an empty `id`, the prefix of the sort keys of one recipient's events. */
export function eventPlace(recipient: string | undefined, id: string): string {
  return `${recipient ?? ''}/${id}`;
}

/**
 * Returns the item of an event. Instead of the address, the sort key contains `recipient`, the keyed hash of the address, so that
 * a copy of the table names no person. Events whose submission is not known are stored in one list for each provider and day.
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

/** Returns all stored events of a submission, not sorted by time. */
export async function eventsOf(lists: Pick<ListTable, 'list'>, submissionId: string): Promise<readonly KeptEvent[]> {
  return (await lists.list(eventList(submissionId))).map(keptEvent);
}

export function keptEvent({ pk: _pk, sk, expires: _expires, ...kept }: ListItem): KeptEvent {
  const [recipient, id] = sk.split('/');
  return {
    ...(kept as Omit<KeptEvent, 'id' | 'recipient'>),
    id: id ?? '',
    ...defined({ recipient: recipient || undefined }),
  };
}
