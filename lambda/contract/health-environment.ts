import {
  type Environment,
  environment,
  json,
  local,
  optional,
  proofSecret,
  stateTable,
  text,
} from './environment-codec.ts';
import type { CanaryConfig, ProviderConfig } from './providers.ts';

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

/** The environment of the health check. */
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
  ...local,
});

export type HealthEnvironment = Environment<typeof healthEnvironment>;
