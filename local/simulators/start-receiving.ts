import type { EventsEnvironment } from '../../lambda/contract/events-environment.ts';
import type { InboundEnvironment } from '../../lambda/contract/inbound-environment.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { makeSecret } from '../aws/secrets.ts';
import type { StackClock } from '../clock.ts';
import { type EventDelivery, postTo, Reporter } from './events/reporter.ts';
import type { InboundRoute } from './inbound/posting.ts';
import { type LocalReceiver, Receiving } from './inbound/receiving.ts';
import { simulatedType } from './registry.ts';

/** The receiving halves of all simulated providers. */
export interface LocalReceiving {
  /** Secrets of the functions that providers post to, by name. */
  readonly secrets: readonly { readonly name: string; readonly secret: Readonly<Record<string, string>> }[];
  /** The part of `GET /api/stack` for programs that post as providers, by key. */
  readonly info: Readonly<Record<string, InboundRoute>>;
  /** The part of `GET /api/stack` for programs that post events as providers, by key. */
  readonly webhooks: Readonly<Record<string, InboundRoute>>;
  /** What posts or publishes delivery events, by provider key. */
  readonly reporters: Readonly<Record<string, Reporter>>;
  /** The halves that post, by provider key. */
  readonly access: Readonly<Record<string, LocalReceiver>>;
  close(): Promise<void>;
}

/**
 * Generates the current and previous keys, passwords and paths of every receiving provider, for this start of the stack
 * only, and starts the halves that post to the HTTP API with them.
 */
export function startReceiving(options: {
  readonly environment: InboundEnvironment | undefined;
  readonly events: EventsEnvironment | undefined;
  /** URL of the queue with this ARN. */
  queueUrlOf(arn: string): string;
  /** Publishes an event of SES. */
  publish(event: object): void;
  /** Secrets of the sending halves, by key: a provider may have one for both. */
  readonly providerSecrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly httpUrl: string;
  /** URL of the API, which takes the mail of providers that post none. */
  readonly apiUrl: string;
  readonly clock: StackClock;
  /** Address of a provider's simulator; may not be known at the first call. */
  endpointOf(key: string): string;
}): LocalReceiving {
  const { environment, providerSecrets, httpUrl, apiUrl, clock, endpointOf } = options;
  const secrets = new Map<string, Record<string, string>>();
  const keep = (name: string | undefined, secret: Record<string, string>) => {
    // Received mail and events may share one secret, and then a key of both.
    const both = { ...secret, ...secrets.get(name ?? '') };
    if (name !== undefined) secrets.set(name, both);
    return both;
  };
  const info: Record<string, InboundRoute> = {};
  const access: Record<string, LocalReceiver> = {};
  for (const { key, type, secretName } of environment?.providers ?? []) {
    const { secretFields = [], optionalSecretFields = [] } = definitionOf(type).inbound ?? {};
    const secret = keep(secretName, makeSecret(key, [...secretFields, ...optionalSecretFields]));
    const posting = simulatedType(type).posting;
    if (posting === undefined) {
      info[key] = { url: `${apiUrl}/api/providers/${key}/mail` };
      continue;
    }
    const route = posting.route(`/inbound/${key}/${secret['inboundPath']}`, secret);
    info[key] = route;
    access[key] = {
      receiving: new Receiving({
        key,
        type: posting,
        clock,
        target: () => ({ url: httpUrl, route }),
        endpoint: () => endpointOf(key),
      }),
      apiKey: posting.api.keyIn(secret, providerSecrets[key] ?? {}),
      get timeScale() {
        return clock.scale;
      },
    };
  }
  const webhooks: Record<string, InboundRoute> = {};
  const reporters: Record<string, Reporter> = {};
  for (const { key, type, secretName, queueArn } of options.events?.providers ?? []) {
    if (queueArn !== undefined) {
      webhooks[key] = { queueUrl: options.queueUrlOf(queueArn) };
      reporters[key] = new Reporter({ clock, deliver: (events) => published(events, options.publish) });
      continue;
    }
    const { reporting } = simulatedType(type);
    if (reporting === undefined) throw new Error(`type ${type} has no simulation of its events`);
    const made = reporting.secret(key);
    const secret = keep(secretName, { ...made.secret, ...makeSecret(key, ['eventsPath']) });
    const route = { path: `/events/${key}/${secret['eventsPath']}`, ...reporting.route(secret), ...made.own };
    webhooks[key] = route;
    reporters[key] = new Reporter({
      clock,
      ...defined({ most: reporting.most }),
      deliver(events) {
        const { minutes, stop } = reporting.retries(events);
        const request = { path: route.path, ...reporting.post(events, route, Date.now()) };
        return { minutes, attempt: postTo(httpUrl, request, stop) };
      },
    });
  }
  return {
    secrets: Array.from(secrets, ([name, secret]) => ({ name, secret })),
    webhooks,
    reporters,
    info,
    access,
    async close() {
      for (const { receiving } of Object.values(access)) receiving.close();
      await Promise.all(Object.values(reporters).map((reporter) => reporter.clear()));
    },
  };
}

/** A topic takes every event. */
function published(events: readonly object[], publish: (event: object) => void): EventDelivery {
  return {
    minutes: [],
    async attempt() {
      for (const event of events) publish(event);
      return true;
    },
  };
}
