import FormData from 'form-data';
import Mailgun from 'mailgun.js';
import type { Tracking } from '../../mail/message.ts';
import { AUTHENTICATION } from '../../mail/outcome.ts';
import { defined } from '../../platform/defined.ts';
import type { Attempt, Provider, ProviderContext } from '../provider.ts';
import { referenceOf } from '../reference.ts';
import { mimeFor, namedIn, sendInGroups } from '../split-recipients.ts';
import { watchWire } from '../wire.ts';
import { URLS } from './api.ts';
import { classify } from './classify.ts';
import { sdkErrorText } from './error-text.ts';
import { health, type MailgunHealthSource } from './health.ts';
import { lookup } from './lookup.ts';
import type { MailgunOptions } from './options.ts';

/**
 * Time-out of the SDK in milliseconds: the longest run time of a Lambda function. It never ends a call, since the attempt's own
 * deadline is shorter.
 */
const WALL_MS = 900_000;

/**
 * Creates a provider for Mailgun. The provider posts the raw message to `messages.mime`. It never uses templates or recipient
 * variables.
 */
export function create({ options, secret, endpoint, sandbox }: ProviderContext<MailgunOptions>): Provider {
  const key = secret['apiKey'];
  if (!key) {
    const detail = 'the secret has no field apiKey';
    return {
      send: async () => ({ outcome: { kind: 'unavailable', blames: 'account', reason: AUTHENTICATION, detail } }),
      lookup: async () => ({ kind: 'cannot-say', reason: AUTHENTICATION, detail }),
      health: async () => ({ state: 'account-refused', reason: AUTHENTICATION, detail }),
    };
  }
  const url = endpoint ?? URLS[options.region ?? 'us'];
  // The package form-data is used: with Node's FormData the SDK would copy the message to a Blob, and would write each line of
  // the form to the socket separately.
  const client = new Mailgun(FormData).client({ username: 'api', key, url, timeout: WALL_MS });
  // This logger writes nothing. The SDK's own logger would write at each query that the events API is deprecated.
  Object.assign(client.events, { logger: { warn() {} } });
  // The classes of the SDK have these methods, but the TypeScript types of the SDK omit some of them (mailgun.js 14.0.1).
  const source: MailgunHealthSource = {
    domains: client.domains,
    messages: client.messages as MailgunHealthSource['messages'],
  };

  return {
    send: async (attempt) => {
      const { variables, dropped } = variablesOf(attempt);
      const result = await sendInGroups(attempt, true, async (call) => {
        // The message is a Buffer, which becomes a file part of the form. A string would become a form field, with changed line
        // ends.
        const message = await mimeFor(attempt, call);
        const data = {
          message,
          to: [...call.recipients],
          ...trackingOf(attempt.tracking),
          ...variables,
          ...(sandbox && TEST),
        };
        const { result, error, trace } = await watchWire(call, () => client.messages.create(options.domain, data));
        const words = error === undefined ? result?.message : sdkErrorText(error);
        return {
          outcome: classify({ trace, id: result?.id, ...defined({ words }) }),
          named: namedIn(words ?? '', call.recipients),
        };
      });
      return { ...result, dropped };
    },
    lookup: (question) => lookup(client.events, options.domain, question),
    health: (limits) => health(source, options.domain, limits),
  };
}

/** Option of a mail that Mailgun accepts and logs, but does not deliver (documentation.mailgun.com, send-http, 2026-11-23). */
const TEST = { 'o:testmode': 'yes' } as const;

/**
 * Returns the tracking options of a mail. These options override the settings of the domain (documentation.mailgun.com,
 * tracking-opens and tracking-clicks, 2026-11-28).
 */
function trackingOf({ opens, clicks }: Tracking): Record<string, string> {
  const yes = (wanted: boolean) => (wanted ? 'yes' : 'no');
  return {
    'o:tracking': yes(opens || clicks),
    'o:tracking-opens': yes(opens),
    'o:tracking-clicks': yes(clicks),
  };
}

/** Largest size of all `o:` and `v:` options together, in bytes (Mailgun OpenAPI 3.0.0, 2026-11-23). */
const MAX_OPTIONS = 16 * 1024;
/** Pattern of a tag that Mailgun allows: at most 128 ASCII characters (Mailgun user manual, tagging, 2024). */
const TAG = /^[\x20-\x7e]{1,128}$/;

function variablesOf({ message, number }: Pick<Attempt, 'message' | 'number'>): {
  readonly variables: Record<string, string>;
  readonly dropped: number;
} {
  const { tag, metadata } = message;
  const variables: Record<string, string> = {};
  let size = TRACKING_OPTIONS;
  let dropped = 0;
  const add = (name: string, value: string, fits = true) => {
    if (!fits || name in variables || size + sizeOf(name, value) > MAX_OPTIONS) {
      dropped += 1;
      return;
    }
    size += sizeOf(name, value);
    variables[name] = value;
  };
  for (const [name, value] of referenceOf(message, number)) add(`v:${name}`, value);
  if (tag !== undefined) add('o:tag', tag, TAG.test(tag));
  for (const [name, value] of Object.entries(metadata)) add(`v:${name}`, value);
  return { variables, dropped };
}

/** Upper bound of the size, in bytes, of the options that {@link trackingOf} returns and of {@link TEST}. */
const TRACKING_OPTIONS = 80;

function sizeOf(name: string, value: string): number {
  return Buffer.byteLength(name) + Buffer.byteLength(value);
}
