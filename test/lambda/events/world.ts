import { createHash, createHmac, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type DeliveryEvent, eventSchema } from '../../../lambda/contract/event.ts';
import { createEventIntake } from '../../../lambda/events/intake.ts';
import { createPublishedIntake } from '../../../lambda/events/published.ts';
import { loadEvents, loadPublishedEvents } from '../../../lambda/providers/registry.ts';
import { unwantedNotes } from '../../../lambda/reputation/hours.ts';
import { addressIndex } from '../../../lambda/suppression/addresses.ts';
import { suppressionDoubt } from '../../../lambda/suppression/doubt.ts';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { suppressionList } from '../../../lambda/suppression/list.ts';
import type { HttpAnswer } from '../../../lambda/webhook/answer.ts';
import type { Arrival } from '../../../lambda/webhook/authenticate.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

/** Time at which every test begins. */
export const NOW = Date.UTC(2026, 10, 29, 12, 0, 0);
const QUEUE_ARN = 'arn:aws:sqs:us-east-1:123456789012:ses-events';

const KEYS = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SECRETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'M/mailgun': { eventsPath: 'hidden-m', signingKey: 'key-new', previousSigningKey: 'key-old' },
  'M/postmark': {
    eventsPath: 'hidden-p',
    eventsUsername: 'user',
    eventsPassword: 'new',
    previousEventsPassword: 'old',
  },
  'M/sendgrid': {
    eventsPath: 'hidden-s',
    verificationKey: KEYS.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  },
};

const LIST = 'M/list';

const PROVIDERS = [
  { key: 'mailgun', type: 'mailgun', secretName: 'M/mailgun' },
  { key: 'postmark', type: 'postmark', secretName: 'M/postmark', sourceRanges: ['192.0.2.0/24'] },
  { key: 'sendgrid', type: 'sendgrid', secretName: 'M/sendgrid' },
  { key: 'ses', type: 'ses', queueArn: QUEUE_ARN },
];

/** Returns the metadata that refer to a submission, as the delivery events of a provider contain these metadata. */
export function referenceFor(id: string) {
  const handle = createHash('sha256').update(id).digest('base64url');
  return { 'mailover-id': handle, 'mailover-submission': id, 'mailover-attempt': '1 receipts' };
}

/**
 * Creates the Lambda function for delivery events, with all its dependencies in memory, and a switch that makes these
 * dependencies fail.
 */
export function givenWorld() {
  const queued: { readonly body: string; readonly attributes: Readonly<Record<string, string>> }[] = [];
  const metrics: string[] = [];
  const log: string[] = [];
  const world = {
    now: NOW,
    fault: (_service: 'queue' | 'add' | 'list') => {},
    listKey: { key: 'list-key' } as Readonly<Record<string, string>>,
  };
  const lists = memoryLists((operation) => world.fault(operation));
  const note = (message: string, fields?: object) => void log.push(JSON.stringify({ message, ...fields }));
  const secrets = { read: async (name: string) => (name === LIST ? world.listKey : (SECRETS[name] ?? {})) };
  const table = memoryTable();
  const clock = { now: () => world.now, sleep: () => new Promise<void>(() => {}) };
  const suppressions = suppressionList(table, addressIndex(lists), secrets as never, LIST, clock);
  const dependencies = {
    environment: {
      providers: PROVIDERS,
      eventsQueueUrl: 'events',
      stateTable: '',
      listsTable: '',
      suppressionSecret: LIST,
    },
    loadModule: loadEvents,
    loadReader: loadPublishedEvents,
    secrets,
    table,
    lists,
    suppressions,
    doubt: suppressionDoubt({ providers: PROVIDERS, lists, table, clock }),
    noteUnwanted: unwantedNotes(lists, { clock }),
    hashes: addressHashes(secrets as never, LIST),
    queue: {
      async send(_url: string, body: string, attributes: Readonly<Record<string, string>> = {}) {
        world.fault('queue');
        queued.push({ body, attributes });
      },
    },
    log: { info: note, warn: note, error: note },
    metrics: {
      add: (name: string, _value: number, by: { readonly provider?: string; readonly outcome?: string } = {}) =>
        void metrics.push([name, by.provider, by.outcome].filter(Boolean).join(' ')),
      flush: async () => {},
    },
    clock,
  };
  const post = createEventIntake(dependencies as never);
  const publish = createPublishedIntake(dependencies as never);
  return Object.assign(world, {
    post: (arrival: Arrival, limitMs?: number): Promise<HttpAnswer> => post(arrival, limitMs),
    publish: (body: unknown) => publish({ ...sqsRecord(body), eventSourceARN: QUEUE_ARN }),
    queued,
    metrics,
    log,
    lists,
    table,
    suppressions,
    /** Returns the events on the queue after checking each event against the schema. */
    events: (): DeliveryEvent[] => queued.map(({ body }) => eventSchema.parse(JSON.parse(body)) as DeliveryEvent),
  });
}

function arrival(key: string, path: string, body: Buffer, headers: Record<string, string> = {}): Arrival {
  return { key, path, sourceIp: '192.0.2.1', contentType: 'application/json', headers, body };
}

/** Returns a webhook request that is signed as Mailgun signs its requests. */
export function fromMailgun(
  event: object,
  { key = 'key-new', at = NOW, token = randomBytes(25).toString('hex') } = {},
) {
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac('sha256', key).update(timestamp).update(token).digest('hex');
  return arrival(
    'mailgun',
    'hidden-m',
    Buffer.from(JSON.stringify({ signature: { timestamp, token, signature }, 'event-data': event })),
  );
}

/** Returns a webhook request in the form in which Postmark sends its requests. */
export function fromPostmark(event: object, password = 'new') {
  const authorization = `Basic ${Buffer.from(`user:${password}`).toString('base64')}`;
  return arrival('postmark', 'hidden-p', Buffer.from(JSON.stringify(event)), { authorization });
}

/** Returns a webhook request that is signed as SendGrid signs its requests. */
export function fromSendgrid(events: readonly object[], { at = NOW, privateKey = KEYS.privateKey } = {}) {
  const body = Buffer.from(JSON.stringify(events));
  const timestamp = String(Math.floor(at / 1000));
  const signature = createSign('sha256').update(timestamp).update(body).sign(privateKey).toString('base64');
  return arrival('sendgrid', 'hidden-s', body, {
    'x-twilio-email-event-webhook-signature': signature,
    'x-twilio-email-event-webhook-timestamp': timestamp,
  });
}

/** Returns a delivery event in Mailgun's format. */
export function mailgunEvent(id: string, submission = 'order-1', more: object = {}) {
  return {
    event: 'delivered',
    id,
    timestamp: NOW / 1000,
    recipient: 'ada@example.org',
    'user-variables': referenceFor(submission),
    message: { headers: { 'message-id': 'm@example.com' } },
    ...more,
  };
}

/** Returns a delivery event in SendGrid's format. */
export function sendgridEvent(id: string, submission = 'order-1', more: object = {}) {
  return {
    event: 'delivered',
    email: 'ada@example.org',
    timestamp: NOW / 1000,
    sg_event_id: id,
    sg_message_id: 'x.y',
    ...referenceFor(submission),
    ...more,
  };
}
