import { defined } from '../../platform/defined.ts';
import { codeIn, corrected, replyIn } from '../diagnostic.ts';
import { eventMeaning, type ReadEvents, type ReportedEvent, UNKNOWN_EVENT } from '../event.ts';
import {
  addressOf,
  type Fields,
  fieldsOf,
  filledText,
  joinedWords,
  jsonOf,
  messageIdOf,
  textsOf,
  timeOf,
} from '../event-fields.ts';
import { metadataIn, readReference } from '../reference.ts';
import type { WebhookModule } from '../webhook.ts';
import { POSTMARK_EVENTS } from './event-facts.ts';
import { passwordProblem } from './password.ts';

/** Authenticates and reads the requests of Postmark's event webhooks. */
export const events: WebhookModule<ReadEvents> = {
  authenticate(request, { eventsUsername, eventsPassword, previousEventsPassword }) {
    const reason = passwordProblem(request, {
      username: eventsUsername,
      passwords: [eventsPassword, previousEventsPassword],
    });
    return reason === undefined
      ? { kind: 'genuine', read: () => readEvents(request.body) }
      : { kind: 'refused', reason };
  },
};

/** Reads the JSON that a webhook posts. It has one event (postmarkapp.com/developer/webhooks, 2026-11-23). */
export function readEvents(body: Uint8Array): ReadEvents {
  const json = jsonOf(body);
  if ('problem' in json) return { kind: 'unreadable', detail: json.problem };
  const fields = fieldsOf(json.value);
  // The JSON of the older bounce webhook has no RecordType.
  const type = filledText(fields['RecordType']) ?? (filledText(fields['TypeCode']) ? 'Bounce' : undefined);
  if (type === 'Inbound' || (type === undefined && 'OriginalRecipient' in fields)) return { kind: 'mail' };
  if (type === undefined) return { kind: 'unreadable', detail: 'no RecordType' };
  return { kind: 'events', events: [readEvent(type, fields)] };
}

/** Names of the bounce types, by TypeCode. They are used for a bounce without the field Type. */
export const BOUNCE_TYPES: Readonly<Record<string, string>> = {
  1: 'HardBounce',
  2: 'Transient',
  16: 'Unsubscribe',
  32: 'Subscribe',
  64: 'AutoResponder',
  128: 'AddressChange',
  256: 'DnsError',
  512: 'SpamNotification',
  1024: 'OpenRelayTest',
  2048: 'Unknown',
  4096: 'SoftBounce',
  8192: 'VirusNotification',
  16384: 'ChallengeVerification',
  100000: 'BadEmailAddress',
  100001: 'SpamComplaint',
  100002: 'ManuallyDeactivated',
  100003: 'Unconfirmed',
  100006: 'Blocked',
  100007: 'SMTPApiError',
  100008: 'InboundError',
  100009: 'DMARCPolicy',
  100010: 'TemplateRenderingFailed',
};

function readEvent(type: string, fields: Fields): ReportedEvent {
  const { SuppressSending, SuppressionReason, Origin, MessageID } = fields;
  const bounceType = filledText(fields['Type']) ?? BOUNCE_TYPES[filledText(fields['TypeCode']) ?? ''] ?? '';
  const words = filledText(fields['Details']);
  const reply = words === undefined ? undefined : replyIn(words);
  const byTable = eventMeaning(POSTMARK_EVENTS, {
    at: type,
    code:
      type === 'SubscriptionChange'
        ? `${SuppressSending}/${filledText(SuppressionReason) ?? ''}/${filledText(Origin) ?? ''}`
        : bounceType,
    text: words ?? '',
  });
  const time = ['BouncedAt', 'DeliveredAt', 'ReceivedAt', 'ChangedAt']
    .map((name) => filledText(fields[name]))
    .find(Boolean);
  const recipient = addressOf(fields['Email']) ?? addressOf(fields['Recipient']);
  const variables = textsOf(fields['Metadata']);
  return {
    ...corrected(byTable, type === 'Bounce' ? reply : undefined),
    // Only bounces and complaints have an ID. A large ID may lose digits as a number in JavaScript, so the ID alone does not
    // identify an event.
    eventId: [
      type,
      filledText(fields['ID']),
      filledText(MessageID),
      bounceType,
      recipient,
      time,
      filledText(fields['OriginalLink']),
    ]
      .filter(Boolean)
      .join('/'),
    recipient,
    providerMessageId: messageIdOf(MessageID),
    reference: readReference(variables),
    at: timeOf(time),
    detail: joinedWords(words ?? fields['Description']),
    smtpCode: codeIn(reply),
    tag: filledText(fields['Tag']),
    ...defined({ metadata: metadataIn(variables), unknownType: byTable === UNKNOWN_EVENT ? type : undefined }),
  };
}
