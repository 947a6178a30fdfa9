import { defined } from '../../platform/defined.ts';
import { codeIn, corrected, replyIn } from '../diagnostic.ts';
import { other, type ReadEvents, type ReportedEvent } from '../event.ts';
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
import { meaningIn } from '../fact.ts';
import { metadataIn, readReference } from '../reference.ts';
import type { WebhookModule } from '../webhook.ts';
import { MAILGUN_EVENTS } from './event-facts.ts';
import { authenticateJson } from './signature.ts';

/** Requests of Mailgun's event webhooks. */
export const events: WebhookModule<ReadEvents> = {
  authenticate: (request, secret, now) => authenticateJson(request, secret, now, readEvents),
};

/**
 * Reads the JSON of an event webhook, which has one event (documentation.mailgun.com, user-manual/webhooks, 2026-11-23).
 */
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
  // 498 and 499 are Mailgun's own codes: no server gave a reply.
  const reply = replyIn(words, code >= 490 && code < 500 ? undefined : code);
  // Mail of the test mode reaches no one, so its events say nothing of a recipient.
  const means =
    fieldsOf(event['flags'])['is-test-mode'] === true
      ? other('test')
      : meaningIn(MAILGUN_EVENTS, {
          at: name === 'failed' ? `failed/${filledText(event['severity']) ?? 'permanent'}` : name,
          code: filledText(event['reason']) ?? '',
          status: code,
          text: words,
        });
  if (means === undefined) throw new Error('the table of events has no last row');
  const { reason, ...others } = corrected(means, reply);
  const recipient = addressOf(event['recipient']) ?? (name === 'rejected' ? addressOf(headers['to']) : undefined);
  const at = timeOfSeconds(event['timestamp']);
  const metadata = metadataIn(variables);
  return {
    ...others,
    ...defined({ reason }),
    // An id is guaranteed to be unique within a day only (documentation.mailgun.com, event-structure, 2026-11-23).
    eventId: [
      at === undefined ? '' : new Date(at).toISOString().slice(0, 10),
      filledText(event['id']) ?? JSON.stringify(event),
    ].join('/'),
    recipient,
    providerMessageId: messageIdOf(headers['message-id']),
    reference: readReference(variables),
    at,
    // `robot`: a scanner; `bot` names a mail program that loads pictures by itself.
    ...(/robot/i.test(filledText(client['client-type']) ?? '') || filledText(client['bot']) ? { machine: true } : {}),
    detail: joinedWords(words),
    smtpCode: codeIn(reply),
    tag: Array.isArray(event['tags']) ? filledText(event['tags'][0]) : undefined,
    ...defined({ metadata, unknownType: others.type === 'other' && reason === 'unknown' ? name : undefined }),
  };
}
