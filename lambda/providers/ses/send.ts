import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type MessageTag, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { Tracking } from '../../mail/message.ts';
import { defined } from '../../platform/defined.ts';
import { IDLE_MS } from '../../platform/keep-alive-sockets.ts';
import type { Attempt, Provider, ProviderContext } from '../provider.ts';
import { encoded, REFERENCE_NAMES, referenceOf } from '../reference.ts';
import { mimeFor, namedIn, type PartialCall, sendInGroups } from '../split-recipients.ts';
import { watchWire } from '../wire.ts';
import { classify } from './classify.ts';
import { exceptionOf } from './exception.ts';
import { health } from './health.ts';
import type { SesOptions } from './options.ts';

/**
 * Time-out of the SDK in milliseconds: the longest run time of a Lambda function. It never ends a call, since the attempt's own
 * deadline is shorter. Unlike the SDK's time-out, this deadline still uses an answer that has arrived in time but was not read
 * yet.
 */
const WALL_MS = 900_000;

/** Creates a provider for Amazon SES. The provider calls `SendEmail` with the raw message. The SDK never repeats a call. */
export function create({ options, endpoint, sandbox }: ProviderContext<SesOptions>): Provider {
  const agent = { keepAlive: true, maxSockets: 50, timeout: IDLE_MS };
  const region = options.region ?? process.env['AWS_REGION'];
  const client = new SESv2Client({
    ...defined({ region: region || undefined, endpoint: endpoint || undefined }),
    // SendEmail has no idempotency key, so with the SDK's default of 3 attempts the SDK could send a mail three times.
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
      ...(await sendInGroups(attempt, true, async (call) => {
        const command = new SendEmailCommand(await requestOf(attempt, call, options, sandbox));
        const { result, error, trace } = await watchWire(call, () => client.send(command));
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

/**
 * Address of the SES mailbox simulator: SES accepts mail to this address, and delivers it to no mailbox (docs.aws.amazon.com/ses,
 * 2026-11-23).
 */
const SIMULATOR = 'success@simulator.amazonses.com';

async function requestOf(attempt: Attempt, call: PartialCall, options: SesOptions, sandbox = false) {
  return {
    FromEmailAddress: attempt.message.from.address,
    // SES uses the Destination as the envelope, and does not change To and Cc of the message.
    Destination: { ToAddresses: sandbox ? [SIMULATOR] : [...call.recipients] },
    Content: { Raw: { Data: await mimeFor(attempt, call) } },
    EmailTags: tagsOf(attempt).tags,
    ...defined({
      FromEmailAddressIdentityArn: options.fromIdentityArn,
      ConfigurationSetName: configurationSetFor(attempt.tracking, options),
    }),
  };
}

/**
 * Returns the name of the configuration set for a mail: the set that tracks exactly what the message asks for, otherwise
 * `configurationSet`, which should track nothing. SES tracks only through configuration sets (API_TrackingOptions, 2026-11-28).
 */
function configurationSetFor({ opens, clicks }: Tracking, { configurationSet, trackingSets = {} }: SesOptions) {
  const wanted =
    opens && clicks ? trackingSets.both : opens ? trackingSets.opens : clicks ? trackingSets.clicks : undefined;
  return wanted ?? configurationSet;
}

/**
 * Pattern of a name or value that SES allows in a tag. A tag with any other name or value is left out. It is not adapted to the
 * pattern: a wrong order number, for example, is worse than a missing order number.
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
