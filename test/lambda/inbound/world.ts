import { createHmac, randomBytes } from 'node:crypto';
import { type InboundMessage, inboundSchema } from '../../../lambda/contract/inbound.ts';
import type { InboundProvider } from '../../../lambda/contract/inbound-environment.ts';
import { createInbound, type InboundDependencies } from '../../../lambda/inbound/inbound.ts';
import { createReceived, type ReceivedDependencies } from '../../../lambda/inbound/received.ts';
import type { Clock } from '../../../lambda/platform/clock.ts';
import { loadInbound, loadNotifications } from '../../../lambda/providers/registry.ts';
import type { HttpAnswer } from '../../../lambda/webhook/answer.ts';
import type { Arrival } from '../../../lambda/webhook/authenticate.ts';
import { type MemoryTable, memoryTable } from '../../support/memory-table.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

/** The secrets of the providers Mailgun and Postmark. */
export const SECRETS: Record<string, Record<string, string>> = {
  'mailover/mailgun/webhooks': {
    inboundPath: 'hidden-m',
    signingKey: 'key-new',
    previousSigningKey: 'key-old',
    apiKey: 'key-api',
  },
  'mailover/postmark/webhooks': {
    inboundPath: 'hidden-p',
    inboundUsername: 'user',
    inboundPassword: 'pass-new',
    previousInboundPassword: 'pass-old',
  },
};

/** Time at which every test begins. */
export const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);

/** The receiver of mail with all its dependencies in memory, and switches that make these dependencies fail. */
export interface World {
  receive(arrival: Arrival, limitMs?: number): Promise<HttpAnswer>;
  /** Gives a notification of SES to the receiver. */
  takeReceived(body: unknown): Promise<void>;
  readonly queue: string[];
  readonly objects: Map<string, { readonly content: Buffer; readonly contentType: string }>;
  readonly table: MemoryTable;
  readonly secrets: Record<string, Record<string, string>>;
  readonly metrics: { readonly name: string; readonly value: number; readonly outcome?: string | undefined }[];
  readonly log: string[];
  now: number;
  /** This function is called before each write. It may throw an error to make the service fail. */
  fault: (service: 'queue' | 'bucket') => void;
  fetch: typeof fetch;
  /** Returns the messages on the queue after checking each message against the schema. */
  messages(): InboundMessage[];
}

export function givenWorld({
  providers = [
    { key: 'mailgun', type: 'mailgun', secretName: 'mailover/mailgun/webhooks' },
    { key: 'postmark', type: 'postmark', secretName: 'mailover/postmark/webhooks' },
    { key: 'ses', type: 'ses' },
  ],
  table = memoryTable(),
  loadModule = loadInbound,
}: {
  providers?: readonly InboundProvider[];
  table?: MemoryTable;
  loadModule?: InboundDependencies['loadModule'];
} = {}): World {
  const clock: Clock = {
    now: () => world.now,
    sleep: async (ms) => {
      const until = world.now + ms;
      await new Promise((resolve) => setImmediate(resolve));
      // Sleeps that run at the same time advance the clock only once.
      world.now = Math.max(world.now, until);
    },
  };
  const world: World = {
    queue: [],
    objects: new Map(),
    table,
    secrets: structuredClone(SECRETS),
    metrics: [],
    log: [],
    now: NOW,
    fault: () => {},
    fetch: () => Promise.reject(new Error('nothing is to be fetched')),
    messages: () => world.queue.map((body) => inboundSchema.parse(JSON.parse(body)) as InboundMessage),
    receive: (...call) => receive(...call),
    takeReceived: (body) => takeReceived(sqsRecord(body)),
  };
  const line = (message: string, fields: object) => world.log.push(JSON.stringify({ message, ...fields }));
  const dependencies: InboundDependencies & ReceivedDependencies = {
    environment: { providers, inboundQueueUrl: 'inbound', mailBucket: 'mail', stateTable: 'state' },
    loadModule,
    loadNotifications,
    secrets: {
      read: async (name) => {
        const secret = world.secrets[name];
        if (secret === undefined) throw new Error('no such secret');
        return { ...secret };
      },
    },
    store: {
      put: async (key, content, contentType) => {
        await undefined;
        world.fault('bucket');
        world.objects.set(key, { content: Buffer.from(content as string), contentType });
        return { bucket: 'mail', key };
      },
      get: async (key) => world.objects.get(key)?.content ?? Promise.reject(new Error('no such object')),
    },
    queue: {
      send: async (_url, body) => {
        await undefined;
        world.fault('queue');
        world.queue.push(body);
      },
    },
    table,
    log: { info: line, warn: line, error: line },
    metrics: {
      add: (name, value, dimensions) => world.metrics.push({ name, value, outcome: dimensions?.outcome }),
    },
    clock,
    fetch: (...call) => world.fetch(...call),
  };
  const receive = createInbound(dependencies);
  const takeReceived = createReceived(dependencies);
  return world;
}

/** Throws the error of an AWS service that has refused a write. */
export function unavailable(): never {
  throw Object.assign(new Error('slow down'), { $metadata: { httpStatusCode: 503 } });
}

/** One field of a form: text, or a file. */
export type FormEntry = readonly [name: string, value: string | Buffer, filename?: string, contentType?: string];

/** Returns a signed request in the form in which a Mailgun route posts a received mail. */
export function mailgunRequest(
  entries: readonly FormEntry[],
  {
    key = 'key-new',
    at = NOW,
    token = randomBytes(25).toString('hex'),
    path = 'hidden-m',
    multipart = entries.some(([, , filename]) => filename !== undefined),
    boundary = randomBytes(12).toString('hex'),
    signedLast = false,
  } = {},
): Arrival {
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac('sha256', key)
    .update(timestamp + token)
    .digest('hex');
  const signing: FormEntry[] = [
    ['timestamp', timestamp],
    ['token', token],
    ['signature', signature],
  ];
  const signed = signedLast ? [...entries, ...signing] : [...signing, ...entries];
  const base = { key: 'mailgun', path, sourceIp: '3.0.0.1', headers: {} };
  if (!multipart)
    return {
      ...base,
      contentType: 'application/x-www-form-urlencoded',
      body: Buffer.from(signed.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')),
    };
  const parts = signed.map(([name, value, filename, contentType]) =>
    Buffer.concat([
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n` +
          `${contentType ? `Content-Type: ${contentType}\r\n` : ''}\r\n`,
      ),
      Buffer.from(value as string),
      Buffer.from('\r\n'),
    ]),
  );
  return {
    ...base,
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
  };
}

function encode(value: string | Buffer): string {
  const bytes = Buffer.from(value as string);
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Returns a request in the form in which Postmark's inbound webhook posts a received mail. */
export function postmarkRequest(
  payload: unknown,
  { password = 'pass-new', username = 'user', path = 'hidden-p' } = {},
): Arrival {
  return {
    key: 'postmark',
    path,
    sourceIp: '3.134.147.250',
    contentType: 'application/json',
    headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
    body: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
  };
}

/** Returns the form fields of a small mail, in the form in which Mailgun's action `forward()` posts them. */
export function mailgunMail(
  overrides: Readonly<Record<string, string>> = {},
  headers: [string, string][] = [],
): FormEntry[] {
  const messageId = overrides['Message-Id'] ?? '<one@example.com>';
  const fields: Record<string, string> = {
    recipient: 'box+abc@in.example.com',
    sender: 'ada@example.org',
    subject: 'Hello',
    from: 'Ada <ada@example.org>',
    'body-plain': 'A text.\r\n',
    'message-headers': JSON.stringify([
      ['Received', 'from a by b; Wed, 25 Nov 2026 11:59:58 +0000'],
      ['From', 'Ada <ada@example.org>'],
      ['To', 'Box <box+abc@in.example.com>'],
      ['Subject', 'Hello'],
      ['Date', 'Wed, 25 Nov 2026 12:59:00 +0100'],
      ['Message-Id', messageId],
      ...headers,
    ]),
    ...overrides,
  };
  return Object.entries(fields);
}

/** Returns the JSON of the same small mail as in `mailgunMail`, in the form in which Postmark posts it. */
export function postmarkMail(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    FromFull: { Email: 'ada@example.org', Name: 'Ada', MailboxHash: '' },
    ToFull: [{ Email: 'box+abc@in.example.com', Name: 'Box', MailboxHash: 'abc' }],
    CcFull: [],
    BccFull: [],
    OriginalRecipient: 'box+abc@in.example.com',
    Subject: 'Hello',
    MessageID: '73e6d360-66eb-11e1-8e72-a8904824019b',
    MessageStream: 'inbound',
    ReplyTo: '',
    MailboxHash: 'abc',
    Date: 'Wed, 25 Nov 2026 12:59:00 +0100',
    TextBody: 'A text.\n',
    HtmlBody: '',
    StrippedTextReply: '',
    Tag: '',
    Headers: [
      { Name: 'Received', Value: 'from a by b; Wed, 25 Nov 2026 11:59:58 +0000' },
      { Name: 'Message-ID', Value: '<one@example.com>' },
    ],
    Attachments: [],
    ...overrides,
  };
}
