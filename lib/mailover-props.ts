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
   * The providers, in order of preference. The time-out of the sender function, and the visibility time-outs of the queues that
   * it reads, are computed from the deadlines of the providers (`deadlineMs`).
   *
   * If a provider is removed from the list, its retry queue stays in the AWS account, and the sender still reads it: the mail on
   * this queue goes out through the other providers. When the queue is empty, `npm run queues -- --remove` deletes the queue and
   * its event source mapping.
   */
  readonly providers: ConfiguredProviders;
  /**
   * Settings for single classes of mail, such as their providers, their expiry, or what happens if the answer of a provider is
   * lost.
   * @default - none: the same settings apply to all classes of mail
   */
  readonly routes?: readonly RouteConfig[];
  /**
   * Name that is unique among the deployments in the account and region: a letter, then at most 63 letters, digits and hyphens.
   * The name is the namespace of the metrics, the name of the dashboard, and the first part of the names of alarms, saved queries
   * and secrets of providers.
   * @default - for `MailoverStack` the name of the stack; for the construct `Mailover` a text that the CDK makes from the name of
   * the stack, the ids of the constructs within the stack, and a hash of eight characters, with hyphens between them
   */
  readonly deploymentName?: string;
  /**
   * Largest number of concurrent invocations of the sender for the outbound queue, from 2 to 1000. Each invocation gets up to ten
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
   * Memory of the sender function in MB. The sender processes up to ten messages of 1 MB at the same time. Submissions whose
   * content is in the mail bucket, with up to 40 MB, are processed one at a time.
   * @default 512
   */
  readonly senderMemory?: number;
  /**
   * Memory, in MB, of the function that receives mail, and of the reconciler, which asks the providers for received mail that did
   * not arrive. Each function needs memory for several copies of a mail of 40 MB.
   * @default 1024
   */
  readonly inboundMemory?: number;
  /**
   * Largest number of requests per second with received mail, from 1 to 10000; a short burst may have twice this number. Further
   * requests are answered with 429, and the providers post them again.
   * @default 100
   */
  readonly inboundRate?: number;
  /**
   * Where delivery events are sent.
   * @default - delivery events stay on the events queue for 14 days, where a program of yours can read them
   */
  readonly events?: ApplicationEvents;
  /**
   * Largest number of requests per second with delivery events, from 1 to 10000; a short burst may have twice this number.
   * Further requests are answered with 429, and the providers post them again.
   * @default 100
   */
  readonly eventsRate?: number;
  /**
   * Reserved concurrency of the function for delivery events, from 2 to 1000. It is also the largest number of concurrent
   * invocations of this function. A part of the account's concurrency must stay unreserved: at least 100 according to the
   * documentation of Lambda, and at least 10 in new accounts, which often have only 10 in total.
   * @default - 20 in the stage `live`, otherwise no reserved concurrency
   */
  readonly eventsConcurrency?: number;
  /**
   * Time for which an object in the mail bucket is kept. It must be at least 28 days, since a message may wait for 14 days on a
   * queue and then for 14 days on the dead-letter queue. When a dead letter is redriven, the time of its objects starts again.
   * The option has no effect on a bucket that is given as `mailBucket`.
   * @default - 30 days
   */
  readonly mailExpiration?: Duration;
  /**
   * Time for which the logs of all functions and the access log of the HTTP API are kept.
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;
  /**
   * Share, from 0 to 1, of the submissions that are logged if a provider accepts them at the first attempt; a hash of the id
   * selects these submissions. All other attempts are always logged, and metrics count all attempts.
   * @default 1
   */
  readonly straightLogShare?: number;
  /**
   * How a new version replaces the previous version of three functions: the sender, the function that receives mail, and the
   * function for delivery events. `gradual`: the new version gets a tenth of the invocations for a quarter of an hour, then all
   * invocations. If an alarm on failures of the function or of a provider is raised during this time, CodeDeploy restores the
   * previous version. While one of these alarms is raised, no gradual deployment is possible. `at-once`: the new version gets all
   * invocations immediately.
   * @default - `gradual` in the stage `live`, otherwise `at-once`
   */
  readonly releases?: Releases;
  /**
   * If true, deleting the stack also deletes its queues, tables, bucket, secrets and logs; the bucket must be emptied before.
   * This is meant for deployments that exist for a day. The stage `live` refuses this option.
   * @default false - queues, tables, bucket, secrets and logs are kept
   */
  readonly throwAway?: boolean;
  /**
   * KMS key that encrypts queues, tables, bucket, generated secrets, logs, and the topics to which SES publishes. The topics of
   * the alarms are encrypted with another key, so alarms still arrive if this key is disabled.
   * @default - keys that AWS owns or manages, which cost nothing; the topics to which SES publishes are not encrypted with a KMS
   * key
   */
  readonly encryptionKey?: Given<IKey>;
  /**
   * Bucket for content that is larger than a queue message. Mailover writes under `submissions/` and `inbound/`. The bucket must
   * keep these objects for at least 28 days.
   * @default - a bucket is created
   */
  readonly mailBucket?: Given<IBucket | Bucket>;
  /**
   * DynamoDB table for the state of Mailover, such as the records of submissions, the circuit breakers and the suppression list.
   * It needs on-demand capacity, the partition key `pk` (string), no sort key, and the time-to-live attribute `expires`. All
   * items in the table must belong to Mailover.
   * @default - a table is created
   */
  readonly stateTable?: Given<ITable | Table | TableV2>;
  /**
   * Targets and options of the alarms. The stage `live` requires a target other than e-mail, since an outage that stops mail may
   * also stop e-mails about alarms.
   * @default - no targets; the stage `live` is then refused
   */
  readonly monitoring?: MonitoringProps;
}
