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
 * Time-out of the SDK in milliseconds: as long as a Lambda function may run, since the attempt's own deadline ends the call
 * earlier.
 */
const WALL_MS = 900_000;

/** Creates a provider for Mailgun. It posts the raw message to `messages.mime`, and never uses templates or recipient variables. */
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
  // With Node's FormData the SDK would copy the message to a Blob, and would write each line of the form to the socket
  // separately.
  const client = new Mailgun(FormData).client({ username: 'api', key, url, timeout: WALL_MS });
  // This logger does nothing: otherwise the SDK would log at each query that the events API is deprecated.
  Object.assign(client.events, { logger: { warn() {} } });
  // The types of the SDK lack these methods, which its classes have (mailgun.js 14.0.1).
  const source: MailgunHealthSource = {
    domains: client.domains,
    messages: client.messages as MailgunHealthSource['messages'],
  };

  return {
    send: async (attempt) => {
      const { variables, dropped } = variablesOf(attempt);
      const result = await sendInGroups(attempt, true, async (call) => {
        // The message is a Buffer, which becomes a file part of the form. A string would become a form field, and its line ends
        // would be changed.
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

/** Makes Mailgun accept and log a mail without delivering it (documentation.mailgun.com, send-http, 2026-11-23). */
const TEST = { 'o:testmode': 'yes' } as const;

/**
 * Returns the tracking options of a mail. They override the settings of the domain (documentation.mailgun.com, tracking-opens and
 * tracking-clicks, 2026-11-28).
 */
function trackingOf({ opens, clicks }: Tracking): Record<string, string> {
  const yes = (wanted: boolean) => (wanted ? 'yes' : 'no');
  return {
    'o:tracking': yes(opens || clicks),
    'o:tracking-opens': yes(opens),
    'o:tracking-clicks': yes(clicks),
  };
}

/** Limit of all `o:` and `v:` options together, in bytes (Mailgun OpenAPI 3.0.0, 2026-11-23). */
const MAX_OPTIONS = 16 * 1024;
/** Tags are ASCII, at most 128 characters (Mailgun user manual, tagging, 2024). */
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

/** Upper bound of the size of the options of {@link trackingOf} and {@link TEST}, in bytes. */
const TRACKING_OPTIONS = 80;

function sizeOf(name: string, value: string): number {
  return Buffer.byteLength(name) + Buffer.byteLength(value);
}
