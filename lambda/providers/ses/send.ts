import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type MessageTag, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { Tracking } from '../../mail/message.ts';
import { defined } from '../../platform/defined.ts';
import { IDLE_MS } from '../../platform/kept-sockets.ts';
import type { Attempt, Provider, ProviderContext } from '../provider.ts';
import { encoded, REFERENCE_NAMES, referenceOf } from '../reference.ts';
import { mimeFor, namedIn, type PartialCall, takeApart } from '../take-apart.ts';
import { watchWire } from '../wire.ts';
import { classify } from './classify.ts';
import { exceptionOf } from './exception.ts';
import { health } from './health.ts';
import type { SesOptions } from './options.ts';

/**
 * Time-out of the SDK: as long as a function may run, since the attempt's own deadline ends the call earlier, after a
 * check for an answer that has arrived.
 */
const WALL_MS = 900_000;

/** Amazon SES as a provider: one `SendEmail` with the raw message, never repeated by the SDK. */
export function create({ options, endpoint, sandbox }: ProviderContext<SesOptions>): Provider {
  const agent = { keepAlive: true, maxSockets: 50, timeout: IDLE_MS };
  const region = options.region ?? process.env['AWS_REGION'];
  const client = new SESv2Client({
    ...defined({ region: region || undefined, endpoint: endpoint || undefined }),
    // SendEmail has no idempotency key: the SDK's default of 3 attempts could send a mail three times.
    maxAttempts: 1,
    requestHandler: {
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
      connectionTimeout: WALL_MS,
      requestTimeout: WALL_MS,
      throwOnRequestTimeout: true,
      socketTimeout: 0,
    },
  });

  return {
    send: async (attempt) => ({
      ...(await takeApart(attempt, true, async (call) => {
        const command = new SendEmailCommand(await requestOf(attempt, call, options, sandbox));
        const connectMs = Math.min(attempt.connectMs, call.deadlineMs);
        const { result, error, trace } = await watchWire({ ...call, connectMs }, () => client.send(command));
        const exception = error === undefined ? {} : exceptionOf(error);
        return {
          outcome: classify({ trace, messageId: result?.MessageId, ...exception }),
          named: namedIn(exception.words ?? '', call.recipients),
        };
      })),
      dropped: tagsOf(attempt).dropped,
    }),
    health: (limits) => health(client, limits),
    close: () => client.destroy(),
  };
}

/** Address whose mail SES takes and delivers to no one (docs.aws.amazon.com/ses, 2026-11-23). */
const SIMULATOR = 'success@simulator.amazonses.com';

async function requestOf(attempt: Attempt, call: PartialCall, options: SesOptions, sandbox = false) {
  const { message } = attempt;
  const { fromIdentityArn } = options;
  const configurationSet = configurationSetFor(attempt.tracking, options);
  return {
    FromEmailAddress: message.from.address,
    // With a Destination, SES takes the envelope from it and leaves To and Cc of the message unchanged.
    Destination: { ToAddresses: sandbox ? [SIMULATOR] : [...call.recipients] },
    Content: { Raw: { Data: await mimeFor(attempt, call) } },
    EmailTags: tagsOf(attempt).tags,
    ...defined({
      FromEmailAddressIdentityArn: fromIdentityArn || undefined,
      ConfigurationSetName: configurationSet || undefined,
    }),
  };
}

/**
 * SES tracks by configuration set only (API_TrackingOptions, 2026-11-28): the one that does exactly what is asked, or
 * none.
 */
function configurationSetFor({ opens, clicks }: Tracking, { configurationSet, trackingSets = {} }: SesOptions) {
  const wanted =
    opens && clicks ? trackingSets.both : opens ? trackingSets.opens : clicks ? trackingSets.clicks : undefined;
  return wanted ?? configurationSet;
}

/**
 * SES tags may contain `[A-Za-z0-9_-]` only; other values are left out, since a changed order number is worse than none.
 */
const TAG_PART = /^[A-Za-z0-9_-]{1,256}$/;
const MAX_TAGS = 50;

function tagsOf({ message, number }: Pick<Attempt, 'message' | 'number'>): {
  readonly tags: MessageTag[];
  readonly dropped: number;
} {
  const { tag, metadata } = message;
  const own = referenceOf(message, number, encoded);
  const tags = new Map(Object.entries(metadata));
  if (tag !== undefined) tags.set('mailover-tag', tag);
  const fitting = [...tags]
    .filter(([name, value]) => !REFERENCE_NAMES.has(name) && TAG_PART.test(name) && TAG_PART.test(value))
    .slice(0, MAX_TAGS - own.length);
  return {
    tags: [...own, ...fitting].map(([Name, Value]) => ({ Name, Value })),
    dropped: tags.size - fitting.length,
  };
}
