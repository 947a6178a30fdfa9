import type { ITable, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import type { Duration } from 'aws-cdk-lib/core';
import type { RouteConfig } from '../lambda/contract/routes.ts';
import type { ConfiguredProviders } from '../lambda/providers/registry.ts';
import type { ApplicationEvents } from './configuration/application-events.ts';
import type { Given } from './configuration/given.ts';
import type { Releases } from './configuration/releases.ts';
import type { StageProps } from './configuration/stage.ts';
import type { UnsubscribeLinks } from './configuration/unsubscribe-links.ts';
import type { NetworkProps } from './functions/network.ts';
import type { MonitoringProps } from './monitoring/monitoring.ts';

export interface MailoverProps extends StageProps, NetworkProps, UnsubscribeLinks {
  /**
   * The providers, in order of preference. The time-outs of all queues and functions are computed from the deadlines of the providers.
   *
   * If a provider is removed from the list, its retry queue and the consumer of that queue stay: the mail that waits there goes
   * out through the other providers. `npm run queues -- --remove` deletes the queue and the consumer once the queue is empty.
   */
  readonly providers: ConfiguredProviders;
  /**
   * Classes of mail that have their own providers, their own expiry, or their own treatment of a lost answer.
   * @default - none: every submission takes the same route
   */
  readonly routes?: readonly RouteConfig[];
  /**
   * Name that is unique among the deployments in the account and region: a letter, then at most 63 letters, digits and hyphens.
   * The name is the namespace of the metrics, and the first part of the names of alarms, dashboard, saved queries and secrets.
   * @default - for `MailoverStack` the name of the stack; for the construct `Mailover` the name of the stack, a hyphen and the id
   * of the construct
   */
  readonly deploymentName?: string;
  /**
   * Largest number of concurrent invocations of the sender for new mail, from 2 to 1000; each invocation gets up to ten
   * messages.
   * @default 50
   */
  readonly outboundConcurrency?: number;
  /**
   * Largest number of concurrent invocations of the sender for each retry queue, from 2 to 1000.
   * @default - 5, or, if the providers have `maxPerSecond`, enough for one queue to use the whole `maxPerSecond` of all
   * providers; at most 100
   */
  readonly retryConcurrency?: number;
  /**
   * Memory of the sender function in MB. A batch of ten messages with attachments of 5 MB each has to fit into it.
   * @default 512
   */
  readonly senderMemory?: number;
  /**
   * Memory of the function that receives mail, in MB. It has to hold several copies of a mail of 40 MB.
   * @default 1024
   */
  readonly inboundMemory?: number;
  /**
   * Largest number of requests with received mail per second, from 1 to 10000; further requests are answered with 429, and the providers post them again.
   * @default 100
   */
  readonly inboundRate?: number;
  /**
   * Where delivery events are sent.
   * @default - they stay on the events queue, from which a program of yours can read them
   */
  readonly events?: ApplicationEvents;
  /**
   * Largest number of requests with delivery events per second, from 1 to 10000; further requests are answered with 429, and the providers post them again.
   * @default 100
   */
  readonly eventsRate?: number;
  /**
   * Reserved concurrency of the function for delivery events, from 2 to 1000. It is also the largest number of concurrent
   * invocations of this function. At least 10 of an account's concurrent invocations must stay unreserved, and a new account has
   * only 10.
   * @default - 20 in the stage `live`, otherwise no reserved concurrency
   */
  readonly eventsConcurrency?: number;
  /**
   * Time for which an object in the mail bucket is kept. It must be at least 28 days, since a message may wait for 14 days on a
   * queue and then for 14 days on the dead-letter queue. When a dead letter is redriven, the time starts again for its objects.
   * @default - 30 days
   */
  readonly mailExpiration?: Duration;
  /**
   * Time for which the sender's log is kept.
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;
  /**
   * If a provider accepts a submission at the first attempt, this attempt is logged only in this share of the cases, from 0 to 1.
   * All other attempts are always logged, and metrics count all attempts.
   * @default 1
   */
  readonly straightLogShare?: number;
  /**
   * How a new version of the functions that send, receive and accept events replaces the previous version. `gradual`: the new
   * version gets a tenth of the invocations for a quarter of an hour, then all; if an alarm on these functions or on a provider
   * is raised during this time, CodeDeploy restores the previous version. While one of these alarms is raised, no gradual
   * deployment is possible. `at-once`: the new version gets all invocations immediately.
   * @default - `gradual` in the stage `live`, otherwise `at-once`
   */
  readonly releases?: Releases;
  /**
   * If true, deleting the stack also deletes its queues, tables, secrets and logs; the bucket has to be emptied first. This is
   * meant for deployments that exist for a day. Refused in the stage `live`.
   * @default false - queues, tables, secrets and logs are kept
   */
  readonly throwAway?: boolean;
  /**
   * Key that encrypts queues, tables, bucket, generated secrets, logs, and the topics of SES. The topics of the alarms are
   * encrypted with another key, so alarms still arrive if this key is disabled.
   * @default - keys that AWS owns, which cost nothing
   */
  readonly encryptionKey?: Given<IKey>;
  /**
   * Bucket for content that is larger than a queue message. Mailover writes under `submissions/` and `inbound/`. The bucket must
   * keep these objects for at least 28 days.
   * @default - a bucket is created
   */
  readonly mailBucket?: Given<IBucket | Bucket>;
  /**
   * DynamoDB table with the records of submissions, the circuit breakers and the operators' switches. It needs on-demand
   * capacity, the partition key `pk` (string), no sort key, and the time-to-live attribute `expires`. All items in the table must
   * belong to Mailover.
   * @default - a table is created
   */
  readonly stateTable?: Given<ITable | Table | TableV2>;
  /**
   * Targets and options of the alarms. The stage `live` requires a target other than e-mail, since an outage that stops mail would also stop e-mails about alarms.
   * @default - no targets, with which the stage `live` is refused
   */
  readonly monitoring?: MonitoringProps;
}
