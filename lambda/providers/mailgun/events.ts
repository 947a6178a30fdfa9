import { defined } from '../../platform/defined.ts';
import { codeIn, corrected, replyIn } from '../diagnostic.ts';
import { eventMeaning, meaning, type ReadEvents, type ReportedEvent, UNKNOWN_EVENT } from '../event.ts';
import {
  addressOf,
  type Fields,
  fieldsOf,
  filledText,
  joinedWords,
  messageIdOf,
  textsOf,
  timeOfSeconds,
} from '../event-fields.ts';
import { metadataIn, readReference } from '../reference.ts';
import type { WebhookModule } from '../webhook.ts';
import { MAILGUN_EVENTS } from './event-facts.ts';
import { authenticateJson } from './signature.ts';

/** Authenticates and reads the requests of Mailgun's event webhooks. */
export const events: WebhookModule<ReadEvents> = {
  authenticate: (request, secret, now) => authenticateJson(request, secret, now, readEvents),
};

/** Reads the JSON that an event webhook posts. It has one event (documentation.mailgun.com, user-manual/webhooks, 2026-11-23). */
export function readEvents(posted: Fields): ReadEvents {
  const event = fieldsOf(posted['event-data']);
  if (filledText(event['event']) === undefined) return { kind: 'unreadable', detail: 'no event' };
  return { kind: 'events', events: [readEvent(event)] };
}

function readEvent(event: Fields): ReportedEvent {
  const name = filledText(event['event']) ?? '';
  const status = fieldsOf(event['delivery-status']);
  const reject = fieldsOf(event['reject']);
  const headers = fieldsOf(fieldsOf(event['message'])['headers']);
  const variables = textsOf(event['user-variables']);
  const client = fieldsOf(event['client-info']);
  const code = typeof status['code'] === 'number' ? status['code'] : Number(status['code'] ?? Number.NaN);
  const words =
    filledText(status['message']) ?? filledText(status['description']) ?? filledText(reject['reason']) ?? '';
  // The codes 490 to 499 are Mailgun's own codes: no receiving server has sent an SMTP reply.
  const reply = replyIn(words, code >= 490 && code < 500 ? undefined : code);
  // Mailgun does not deliver mail that is sent in test mode, so the events of this mail say nothing about a recipient.
  const byTable =
    fieldsOf(event['flags'])['is-test-mode'] === true
      ? meaning('other', 'test')
      : eventMeaning(MAILGUN_EVENTS, {
          at: name === 'failed' ? `failed/${filledText(event['severity']) ?? 'permanent'}` : name,
          code: filledText(event['reason']) ?? '',
          status: code,
          text: words,
        });
  const recipient = addressOf(event['recipient']) ?? (name === 'rejected' ? addressOf(headers['to']) : undefined);
  const at = timeOfSeconds(event['timestamp']);
  const metadata = metadataIn(variables);
  return {
    ...corrected(byTable, reply),
    // Mailgun guarantees only that the id of an event is unique within one day (documentation.mailgun.com, event-structure,
    // 2026-11-23). Therefore the id here contains the date.
    eventId: [
      at === undefined ? '' : new Date(at).toISOString().slice(0, 10),
      filledText(event['id']) ?? JSON.stringify(event),
    ].join('/'),
    recipient,
    providerMessageId: messageIdOf(headers['message-id']),
    reference: readReference(variables),
    at,
    // The client type `robot` means a scanner. The field `bot` contains the name of a mail program that loads pictures
    // automatically.
    ...(/robot/i.test(filledText(client['client-type']) ?? '') || filledText(client['bot']) ? { machine: true } : {}),
    detail: joinedWords(words),
    smtpCode: codeIn(reply),
    tag: Array.isArray(event['tags']) ? filledText(event['tags'][0]) : undefined,
    ...defined({ metadata, unknownType: byTable === UNKNOWN_EVENT ? name : undefined }),
  };
}
