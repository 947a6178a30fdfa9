import { createHash } from 'node:crypto';
import { type DeliveryEvent, EVENT_VERSION } from '../contract/event.ts';
import type { ListItem } from '../platform/list-table.ts';
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
    ...(providerMessageId !== undefined && { providerMessageId }),
    type,
    ...(bounce && { bounce }),
    ...(recipient !== undefined && { recipient }),
    ...reference,
    ...(machine && { machine }),
    ...(tag !== undefined && { tag }),
    ...(metadata && { metadata }),
    at: new Date(at).toISOString(),
    ...(reason && { reason }),
    ...(detail !== undefined && { detail }),
    ...(smtpCode !== undefined && { smtpCode }),
  };
}

/**
 * The item of an event. Events without a known submission are in a list of their provider and day. The recipient's address is
 * not in it: a submission has its recipients by their places.
 */
export function eventItem(event: DeliveryEvent, now: number): ListItem {
  const { id, provider, submissionId, type, bounce, reason, at, attempt, machine, providerMessageId } = event;
  return {
    pk: eventList(submissionId ?? `-/${provider}/${at.slice(0, 10)}`),
    sk: id,
    provider,
    type,
    at,
    ...(bounce && { bounce }),
    ...(reason && { reason }),
    ...(attempt !== undefined && { attempt }),
    ...(machine && { machine }),
    ...(providerMessageId !== undefined && { providerMessageId }),
    expires: Math.floor(now / 1000) + RETENTION_S,
  };
}
