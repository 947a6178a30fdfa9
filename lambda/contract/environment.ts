import {
  type Environment,
  environment,
  eventsQueueUrl,
  json,
  listsTable,
  local,
  mailBucket,
  number,
  optional,
  proofSecret,
  stateTable,
  suppressionSecret,
  text,
} from './environment-codec.ts';
import type { ProviderConfig } from './providers.ts';
import type { RouteConfig } from './routes.ts';

export const senderEnvironment = environment({
  /** Outbound providers, in the order of the list. */
  providers: json<readonly ProviderConfig[]>('MAILOVER_PROVIDERS'),
  /** Named routes, one for each class that has one; absent: none. */
  routes: optional(json<readonly RouteConfig[]>('MAILOVER_ROUTES')),
  /** The only queue that producers send to: attributes of its messages count only with their proof. */
  outboundQueueArn: text('MAILOVER_OUTBOUND_QUEUE_ARN'),
  deadLetterQueueUrl: text('MAILOVER_DEAD_LETTER_QUEUE'),
  eventsQueueUrl,
  /** Whether each dead letter is an event, too; absent: no. */
  deadLetterEvents: optional(json<boolean>('MAILOVER_DEAD_LETTER_EVENTS')),
  /** Absent if no provider has delivery events, so that nothing fills the list. */
  suppressionSecret: optional(suppressionSecret),
  /** Absent if no provider has delivery events. */
  listsTable: optional(listsTable),
  /** Whether classes pause above their rates; absent: no provider posts or publishes its events. */
  classesPause: optional(json<boolean>('MAILOVER_CLASSES_PAUSE')),
  /** Base of the links to unsubscribe; absent if no class has them. */
  unsubscribeUrl: optional(text('MAILOVER_UNSUBSCRIBE_URL')),
  /** Retry queue URL by provider key. */
  retryQueueUrls: json<Readonly<Record<string, string>>>('MAILOVER_RETRY_QUEUES'),
  /** How often a message is received before SQS itself moves it to the dead-letter queue. */
  maxReceiveCount: number('MAILOVER_MAX_RECEIVE_COUNT'),
  /** Largest number of invocations at a time, over all queues. */
  workers: number('MAILOVER_WORKERS'),
  mailBucket,
  proofSecret,
  stateTable,
  /** Share of the submissions accepted at their first attempt whose line is logged, from 0 to 1; absent: all. */
  straightLogShare: optional(number('MAILOVER_STRAIGHT_LOG_SHARE')),
  ...local,
});

export type SenderEnvironment = Environment<typeof senderEnvironment>;
