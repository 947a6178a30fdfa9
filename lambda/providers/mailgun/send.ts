import Mailgun from 'mailgun.js';
import type { MailgunOptions } from '../../contract/providers.ts';
import type { Message } from '../../mail/message.ts';
import { AUTHENTICATION } from '../../mail/outcome.ts';
import type { Provider, ProviderContext } from '../provider.ts';
import { mimeFor, namedIn, takeApart } from '../take-apart.ts';
import { watchWire } from '../wire.ts';
import { classify } from './classify.ts';
import { type HealthSource, health } from './health.ts';
import { lookup } from './lookup.ts';
import { wordsOf } from './words.ts';

/** Domains, events and suppressions of the two regions know nothing of each other. */
const URLS = { us: 'https://api.mailgun.net', eu: 'https://api.eu.mailgun.net' } as const;

/** Mailgun as a provider: posts the raw message to `messages.mime`. Templates and recipient variables are never used. */
export function create({ options, secret, endpoint }: ProviderContext<MailgunOptions>): Provider {
  const key = secret['apiKey'];
  if (!key) {
    const detail = 'the secret has no field apiKey';
    return {
      send: async () => ({ outcome: { kind: 'unavailable', blames: 'account', reason: AUTHENTICATION, detail } }),
      lookup: async () => ({ kind: 'cannot-say', reason: AUTHENTICATION, detail }),
      health: async () => ({ state: 'account-refused', reason: AUTHENTICATION, detail }),
    };
  }
  const client = new Mailgun(FormData).client({ username: 'api', key, url: endpoint ?? URLS[options.region ?? 'us'] });
  // At each question the SDK would write that the events API is deprecated.
  Object.assign(client.events, { logger: { warn() {} } });
  // The SDK's interface leaves out what its class has (mailgun.js 14.0.1).
  const source: HealthSource = { domains: client.domains, messages: client.messages as HealthSource['messages'] };

  return {
    send: (attempt) =>
      takeApart(attempt, true, async (call) => {
        // A Buffer becomes a file part; a string would be normalised as a form field and lose its line ends.
        const message = await mimeFor(attempt, call);
        const data = { message, to: [...call.recipients], ...variablesOf(attempt.message) };
        const connectMs = Math.min(attempt.connectMs, call.deadlineMs);
        const { result, error, trace } = await watchWire({ ...call, connectMs }, () =>
          client.messages.create(options.domain, data),
        );
        const words = error === undefined ? result?.message : wordsOf(error);
        return {
          outcome: classify({ trace, id: result?.id, ...(words !== undefined && { words }) }),
          named: namedIn(words ?? '', call.recipients),
        };
      }),
    lookup: (question) => lookup(client.events, options.domain, question),
    health: (limits) => health(source, options.domain, limits),
  };
}

/** All `o:` and `v:` options together may have 16 KB (Mailgun OpenAPI 3.0.0, 2026-11-23). */
const MAX_OPTIONS = 16 * 1024;
/** Tags are ASCII, at most 128 characters (Mailgun user manual, tagging, 2024). */
const TAG = /^[\x20-\x7e]{1,128}$/;

function variablesOf({ handle, tag, metadata }: Message): Record<string, string> {
  const options: Record<string, string> = { 'v:mailover-id': handle };
  let size = sizeOf('v:mailover-id', handle);
  const add = (name: string, value: string) => {
    if (name in options || size + sizeOf(name, value) > MAX_OPTIONS) return;
    size += sizeOf(name, value);
    options[name] = value;
  };
  if (tag !== undefined && TAG.test(tag)) add('o:tag', tag);
  for (const [name, value] of Object.entries(metadata)) add(`v:${name}`, value);
  return options;
}

function sizeOf(name: string, value: string): number {
  return Buffer.byteLength(name) + Buffer.byteLength(value);
}
