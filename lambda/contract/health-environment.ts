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

/** A provider that receives mail, and the settings of the canaries (test mails) that are sent to this provider. */
export interface InboundCanary {
  readonly key: string;
  readonly canary: CanaryConfig;
}

/**
 * Names by which the health function finds the retry queues of providers that were removed from the configuration: queues whose names
 * begin with `prefix` and are not in `present`.
 */
export interface RetryQueueNames {
  /** Prefix of the names of all retry queues of the deployment. */
  readonly prefix: string;
  /** Names of the retry queues of the configured providers. */
  readonly present: readonly string[];
}

export const healthEnvironment = environment({
  /** Outbound providers, in the order in which they are configured. */
  providers: json<readonly ProviderConfig[]>('MAILOVER_HEALTH_PROVIDERS'),
  inboundCanaries: optional(json<readonly InboundCanary[]>('MAILOVER_INBOUND_CANARIES')),
  /**
   * Name or ARN of the secret with the key that signs canaries. The sender would treat an unsigned canary as mail of a producer. Absent
   * if no canary is sent.
   */
  proofSecret: optional(proofSecret),
  /** URL of the queue to which canaries are sent. */
  outboundQueueUrl: text('MAILOVER_OUTBOUND_QUEUE'),
  /** Names of the retry queues; absent if the name of the CloudFormation stack is not known when the CDK generates the template. */
  retryQueueNames: optional(json<RetryQueueNames>('MAILOVER_RETRY_QUEUE_NAMES')),
  stateTable,
  /**
   * Table with the bounces and complaints of each class of mail; absent if no provider posts or publishes delivery events, since no
   * class of mail can then pause.
   */
  listsTable: optional(listsTable),
  /**
   * Providers with delivery events. The suppression rates of these providers are compared with each other. Absent if
   * `listsTable` is absent.
   */
  reporting: optional(json<readonly { readonly key: string; readonly type: string }[]>('MAILOVER_REPORTING_PROVIDERS')),
  /** The route option `pauseAbove` of each class of mail that sets this option, by class; absent: no class sets it. */
  pauseAbove: optional(json<Readonly<Record<string, RouteConfig['pauseAbove']>>>('MAILOVER_PAUSE_ABOVE')),
  ...local,
});

export type HealthEnvironment = Environment<typeof healthEnvironment>;
