import {
  type Environment,
  environment,
  json,
  listsTable,
  local,
  optional,
  proofSecret,
  stateTable,
  text,
} from './environment-codec.ts';
import type { CanaryConfig, ProviderConfig } from './providers.ts';
import type { RouteConfig } from './routes.ts';

/** A receiving provider and the canary that is sent to it. */
export interface InboundCanary {
  readonly key: string;
  readonly canary: CanaryConfig;
}

/** Names of the retry queues of a deployment, by which those of removed providers are found. */
export interface RetryQueueNames {
  /** Beginning of the names of all of them, removed ones included. */
  readonly prefix: string;
  /** Names of those of the configured providers. */
  readonly present: readonly string[];
}

export const healthEnvironment = environment({
  /** Outbound providers, in the order of the list. */
  providers: json<readonly ProviderConfig[]>('MAILOVER_HEALTH_PROVIDERS'),
  inboundCanaries: optional(json<readonly InboundCanary[]>('MAILOVER_INBOUND_CANARIES')),
  /** Proves canaries to the sender; absent if none is sent. */
  proofSecret: optional(proofSecret),
  /** The queue that canaries are sent to. */
  outboundQueueUrl: text('MAILOVER_OUTBOUND_QUEUE'),
  /** Absent if the name of the stack is not known at synth. */
  retryQueueNames: optional(json<RetryQueueNames>('MAILOVER_RETRY_QUEUE_NAMES')),
  stateTable,
  /** Absent if no class pauses, since no provider posts or publishes its events. */
  listsTable: optional(listsTable),
  /** Providers with delivery events, which doubts compare; absent together with `listsTable`. */
  reporting: optional(json<readonly { readonly key: string; readonly type: string }[]>('MAILOVER_REPORTING_PROVIDERS')),
  /** `pauseAbove` of the classes that have one; absent: none has. */
  pauseAbove: optional(json<Readonly<Record<string, RouteConfig['pauseAbove']>>>('MAILOVER_PAUSE_ABOVE')),
  ...local,
});

export type HealthEnvironment = Environment<typeof healthEnvironment>;
