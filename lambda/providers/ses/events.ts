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
  listOf,
  messageIdOf,
  timeOf,
} from '../event-fields.ts';
import { encoded, metadataIn, readReference } from '../reference.ts';
import { SES_EVENTS } from './event-facts.ts';

/** Names of the fields with the details of an event, by the name of the event. */
const DETAILS: Readonly<Record<string, string>> = {
  Bounce: 'bounce',
  Complaint: 'complaint',
  Delivery: 'delivery',
  Send: 'send',
  Reject: 'reject',
  Open: 'open',
  Click: 'click',
  'Rendering Failure': 'failure',
  RenderingFailure: 'failure',
  DeliveryDelay: 'deliveryDelay',
  Subscription: 'subscription',
};

/**
 * Reads an event record of SES. The body may be the record itself, an SNS notification that contains it, or an EventBridge event
 * that contains it. The result has one event for each recipient.
 */
export function readEvents(body: Uint8Array | string): ReadEvents {
  const json = jsonOf(body);
  // The first message that SES publishes to a new event destination is plain text, and not an event (docs.aws.amazon.com/ses,
  // event-publishing-sns, 2026-11-29).
  if ('problem' in json)
    return /^Successfully validated SNS topic/.test(String(body))
      ? { kind: 'events', events: [] }
      : { kind: 'unreadable', detail: json.problem };
  const posted = fieldsOf(json.value);
  if (posted['Type'] === 'Notification') return readEvents(filledText(posted['Message']) ?? '');
  const record = filledText(posted['detail-type']) ? fieldsOf(posted['detail']) : posted;
  const name = filledText(record['eventType']) ?? filledText(record['notificationType']);
  if (name === 'Received') return { kind: 'mail' };
  if (name === undefined || !('mail' in record)) return { kind: 'unreadable', detail: 'no event of SES' };
  return { kind: 'events', events: eventsOf(name, record) };
}

function eventsOf(name: string, record: Fields): ReportedEvent[] {
  const mail = fieldsOf(record['mail']);
  const details = fieldsOf(record[DETAILS[name] ?? '']);
  const tags = tagsOf(mail['tags']);
  const messageId = messageIdOf(mail['messageId']);
  const at = timeOf(details['timestamp']) ?? timeOf(mail['timestamp']);
  const click = name === 'Click' ? filledText(details['link']) : undefined;
  const own = new Set(['mailover-tag', ...Object.keys(tags).filter((tag) => tag.startsWith('ses:'))]);
  const metadata = metadataIn(Object.fromEntries(Object.entries(tags).filter(([tag]) => !own.has(tag))));
  return recipientsOf(details, mail).map(({ recipient, words, status }) => {
    const reply = words === undefined ? undefined : replyIn(words, status);
    const byTable = eventMeaning(SES_EVENTS, {
      at: name,
      code: codeOf(name, details),
      text: words ?? filledText(details['reason']) ?? '',
    });
    return {
      ...corrected(byTable, reply),
      eventId: [
        messageId,
        name,
        recipient,
        filledText(details['feedbackId']) ?? filledText(details['timestamp']),
        click,
      ]
        .filter(Boolean)
        .join('/'),
      recipient,
      providerMessageId: messageId,
      reference: readReference(tags, encoded.decode),
      at,
      // The value of `isBotEvent` is `Likely` or `Unlikely`. SES has had this field since 2026-08-07
      // (aws.amazon.com/about-aws/whats-new/2026/08/amazon-ses-automated-email-interactions).
      ...(details['isBotEvent'] === 'Likely' && { machine: true }),
      detail: joinedWords(
        words ??
          filledText(details['reason']) ??
          filledText(details['errorMessage']) ??
          filledText(details['smtpResponse']),
      ),
      smtpCode: status !== undefined && /^[245]\.\d+\.\d+$/.test(status) ? status : codeIn(reply),
      tag: tags['mailover-tag'],
      ...defined({ metadata, unknownType: byTable === UNKNOWN_EVENT ? name : undefined }),
    };
  });
}

function codeOf(name: string, details: Fields): string {
  const text = (field: string) => filledText(details[field]) ?? '';
  if (name === 'Bounce') return `${text('bounceType')}/${text('bounceSubType')}`;
  if (name === 'Complaint') return `${text('complaintFeedbackType')}/${text('complaintSubType')}`;
  return text('delayType');
}

/**
 * Returns the recipients of an event; if the event names none, all recipients of the mail. SES does not state which of several
 * recipients opened a mail or clicked a link, so such an event has all recipients of the mail.
 */
function recipientsOf(details: Fields, mail: Fields): { recipient?: string; words?: string; status?: string }[] {
  const named = ['bouncedRecipients', 'complainedRecipients', 'delayedRecipients'].flatMap((list) =>
    listOf(details[list]),
  );
  if (named.length > 0)
    return named.map(({ emailAddress, diagnosticCode, status }) =>
      defined({
        recipient: addressOf(emailAddress),
        words: filledText(diagnosticCode),
        status: filledText(status),
      }),
    );
  const listed = Array.isArray(details['recipients']) ? details['recipients'] : mail['destination'];
  const all = (Array.isArray(listed) ? listed : []).flatMap((one) => addressOf(one) ?? []);
  return all.length > 0 ? all.map((recipient) => ({ recipient })) : [{}];
}

/** Returns the tags of the mail. SES states a list of values for each tag, of which only the first value is used. */
function tagsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([name, one]) => {
      const text = filledText(Array.isArray(one) ? one[0] : one);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}
