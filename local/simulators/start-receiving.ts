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

/** The parts of all simulated providers that receive mail and report delivery events. */
export interface LocalReceiving {
  /** Generated secrets with which the functions verify the posts of providers. `name` is the name of the secret. */
  readonly secrets: readonly { readonly name: string; readonly secret: Readonly<Record<string, string>> }[];
  /**
   * The data of each provider in the answer to `GET /api/stack` for programs that post mail in the role of the provider, by
   * provider key.
   */
  readonly info: Readonly<Record<string, InboundRoute>>;
  /**
   * The data of each provider in the answer to `GET /api/stack` for programs that post events in the role of the provider, by
   * provider key.
   */
  readonly webhooks: Readonly<Record<string, InboundRoute>>;
  /** The object that posts or publishes the delivery events of each provider, by provider key. */
  readonly reporters: Readonly<Record<string, Reporter>>;
  /** The part of each provider that receives and posts mail, by provider key. */
  readonly access: Readonly<Record<string, LocalReceiver>>;
  close(): Promise<void>;
}

/**
 * Generates the keys, passwords and paths with which providers post received mail and delivery events, including the previous
 * keys and passwords. Each start of the stack generates new values. Creates the parts of the providers that post to the local
 * HTTP API with these credentials.
 */
export function startReceiving(options: {
  readonly environment: InboundEnvironment | undefined;
  readonly events: EventsEnvironment | undefined;
  /** Returns the URL of the queue with the given ARN. */
  queueUrlOf(arn: string): string;
  /** Publishes a delivery event in the role of SES. */
  publish(event: object): void;
  /**
   * Secret with which each provider's account sends mail, by provider key. A provider's API about received mail may need a key
   * from this secret.
   */
  readonly providerSecrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly httpUrl: string;
  /** URL of the local stack's own API, which accepts mail for providers that do not post received mail. */
  readonly apiUrl: string;
  readonly clock: StackClock;
  /** Returns the URL of a provider's simulator. The URL may be unknown (an empty text) while the simulators start. */
  endpointOf(key: string): string;
}): LocalReceiving {
  const { environment, providerSecrets, httpUrl, apiUrl, clock, endpointOf } = options;
  const secrets = new Map<string, Record<string, string>>();
  const keep = (name: string | undefined, secret: Record<string, string>) => {
    // Received mail and delivery events may use the same secret. A field that both use keeps its first value.
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

/** Publishes events to an SNS topic. The topic accepts every event, so no retry is needed. */
function published(events: readonly object[], publish: (event: object) => void): EventDelivery {
  return {
    minutes: [],
    async attempt() {
      for (const event of events) publish(event);
      return true;
    },
  };
}
