import { defined } from '../../platform/defined.ts';
import { codeIn, corrected, replyIn } from '../diagnostic.ts';
import { eventMeaning, type ReadEvents, type ReportedEvent, UNKNOWN_EVENT } from '../event.ts';
import {
  addressOf,
  type Fields,
  filledText,
  joinedWords,
  jsonOf,
  listOf,
  messageIdOf,
  textsOf,
  timeOfSeconds,
} from '../event-fields.ts';
import { metadataIn, readReference } from '../reference.ts';
import type { WebhookModule } from '../webhook.ts';
import { SENDGRID_EVENTS } from './event-facts.ts';
import { signatureProblem } from './signature.ts';

/** Authenticates and reads the requests of SendGrid's signed Event Webhook. */
export const events: WebhookModule<ReadEvents> = {
  authenticate(request, { verificationKey, previousVerificationKey }, now) {
    const reason = signatureProblem(request, [verificationKey, previousVerificationKey], now);
    return reason === undefined
      ? { kind: 'genuine', read: () => readEvents(request.body) }
      : { kind: 'refused', reason };
  },
};

/** Reads the JSON that the Event Webhook posts: a list of events, which is usually long (event webhook reference, 2026-11-29). */
export function readEvents(body: Uint8Array): ReadEvents {
  const json = jsonOf(body);
  if ('problem' in json) return { kind: 'unreadable', detail: json.problem };
  if (!Array.isArray(json.value)) return { kind: 'unreadable', detail: 'no list of events' };
  const events = listOf(json.value).filter((event) => filledText(event['event']) !== undefined);
  if (events.length === 0 && json.value.length > 0) return { kind: 'unreadable', detail: 'no event in the list' };
  return { kind: 'events', events: events.map(readEvent) };
}

/** Names of an event's fields that SendGrid itself sets. Every other field is a custom argument. */
const OWN: ReadonlySet<string> = new Set(
  (
    'email timestamp event smtp-id sg_event_id sg_message_id category asm_group_id ip useragent url url_offset response ' +
    'reason status attempt type tls cert_err bounce_classification sg_machine_open sg_content_type sg_user_id pool ' +
    'marketing_campaign_id marketing_campaign_name marketing_campaign_version marketing_campaign_split_id send_at newsletter ' +
    'sg_template_id sg_template_name singlesend_id singlesend_name template_id template_version_id phase_id resp_test_id'
  ).split(' '),
);

function readEvent(event: Fields): ReportedEvent {
  const name = filledText(event['event']) ?? '';
  const words = filledText(event['reason']) ?? filledText(event['response']);
  const reply = name === 'bounce' && words !== undefined ? replyIn(words, filledText(event['status'])) : undefined;
  const byTable = eventMeaning(SENDGRID_EVENTS, {
    at: name === 'bounce' && event['type'] === 'blocked' ? 'blocked' : name,
    code: filledText(event['bounce_classification']) ?? '',
    text: words ?? '',
  });
  const custom = Object.fromEntries(Object.entries(textsOf(event)).filter(([field]) => !OWN.has(field)));
  const { category } = event;
  const status = filledText(event['status']);
  return {
    ...corrected(byTable, reply),
    eventId: filledText(event['sg_event_id']) ?? JSON.stringify(event),
    recipient: addressOf(event['email']),
    // Only the part of the id before the first dot is used, since SendGrid's answer to the attempt contains only this part.
    // SendGrid appends the rest while it processes the mail.
    providerMessageId: messageIdOf(filledText(event['sg_message_id'])?.split('.')[0]),
    reference: readReference(custom),
    at: timeOfSeconds(event['timestamp']),
    ...(event['sg_machine_open'] === true && { machine: true }),
    detail: joinedWords(words),
    smtpCode: status !== undefined && /^[245]\.\d+\.\d+$/.test(status) ? status : codeIn(reply),
    tag: filledText(Array.isArray(category) ? category[0] : category),
    ...defined({ metadata: metadataIn(custom), unknownType: byTable === UNKNOWN_EVENT ? name : undefined }),
  };
}
