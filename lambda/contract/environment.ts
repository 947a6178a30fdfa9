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
  /** Outbound providers, in the order in which they are configured. */
  providers: json<readonly ProviderConfig[]>('MAILOVER_PROVIDERS'),
  /** Routes for classes of mail, at most one route for each class; absent: no class has a route. */
  routes: optional(json<readonly RouteConfig[]>('MAILOVER_ROUTES')),
  /** ARN of the only queue to which producers send. The sender trusts attributes of its messages only if they have a valid HMAC (`Proof`). */
  outboundQueueArn: text('MAILOVER_OUTBOUND_QUEUE_ARN'),
  deadLetterQueueUrl: text('MAILOVER_DEAD_LETTER_QUEUE'),
  eventsQueueUrl,
  /** Whether an event is also sent to the events queue for each dead letter; absent: no. */
  deadLetterEvents: optional(json<boolean>('MAILOVER_DEAD_LETTER_EVENTS')),
  /**
   * Secret with the key of the suppression list; absent if no provider has delivery events and no class of mail has unsubscribe
   * links, since nothing then adds addresses to the list.
   */
  suppressionSecret: optional(suppressionSecret),
  /** Table with the delivery events of each submission. Absent under the same condition as `suppressionSecret`. */
  listsTable: optional(listsTable),
  /** Whether a class of mail pauses if it has too many bounces or complaints; absent: no, since no provider posts or publishes delivery events. */
  classesPause: optional(json<boolean>('MAILOVER_CLASSES_PAUSE')),
  /** Base URL of the unsubscribe links; absent if no class of mail has such links. */
  unsubscribeUrl: optional(text('MAILOVER_UNSUBSCRIBE_URL')),
  /** URL of each provider's retry queue, by provider key. */
  retryQueueUrls: json<Readonly<Record<string, string>>>('MAILOVER_RETRY_QUEUES'),
  /** Number of times that a message can be received before SQS itself moves the message to the dead-letter queue. */
  maxReceiveCount: number('MAILOVER_MAX_RECEIVE_COUNT'),
  /** Largest number of concurrent invocations of the sender function, for all its queues together. */
  workers: number('MAILOVER_WORKERS'),
  mailBucket,
  proofSecret,
  stateTable,
  /** Of the mails that are accepted at their first attempt, the fraction, from 0 to 1, whose acceptance is logged; absent: 1. */
  straightLogShare: optional(number('MAILOVER_STRAIGHT_LOG_SHARE')),
  ...local,
});

export type SenderEnvironment = Environment<typeof senderEnvironment>;
