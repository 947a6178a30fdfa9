import type { ITable, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import type { Duration } from 'aws-cdk-lib/core';
import type { RouteConfig } from '../lambda/contract/routes.ts';
import type { ConfiguredProviders } from '../lambda/providers/registry.ts';
import type { ApplicationEvents } from './configuration/application-events.ts';
import type { Given } from './configuration/given.ts';
import type { NetworkProps } from './configuration/network.ts';
import type { Releases } from './configuration/releases.ts';
import type { StageProps } from './configuration/stage.ts';
import type { UnsubscribeLinks } from './configuration/unsubscribe-links.ts';
import type { MonitoringProps } from './monitoring/monitoring.ts';

export interface MailoverProps extends StageProps, NetworkProps, UnsubscribeLinks {
  /**
   * The providers, in order of preference. All durations of queues and functions follow from their deadlines.
   *
   * A provider that is removed from the list leaves its retry queue and the queue's consumer behind: waiting mail
   * goes out through the others. `npm run queues -- --remove` deletes both once the queue is empty.
   */
  readonly providers: ConfiguredProviders;
  /**
   * Classes of submissions with their own providers, expiry or treatment of a lost answer.
   * @default - none: every submission takes the same route
   */
  readonly routes?: readonly RouteConfig[];
  /**
   * Name that tells this deployment from every other one in the account and region: a letter, then at most 63 letters, digits
   * and hyphens. It is the namespace of the metrics, and begins the names of alarms, dashboard, saved queries and secrets.
   * @default - the name of the stack for `MailoverStack`; for the construct that name, a hyphen and the construct's id
   */
  readonly deploymentName?: string;
  /**
   * Largest number of invocations of the sender for new mail at a time, from 2 to 1000; each carries up to ten
   * messages.
   * @default 50
   */
  readonly outboundConcurrency?: number;
  /**
   * Largest number of invocations of the sender for each retry queue at a time, from 2 to 1000.
   * @default - 5, or enough to use the whole `maxPerSecond` of all providers from one queue, at most 100
   */
  readonly retryConcurrency?: number;
  /**
   * Memory of the sender in MB: a batch of ten messages with attachments of 5 MB each has to fit.
   * @default 512
   */
  readonly senderMemory?: number;
  /**
   * Memory of the function that receives mail, in MB: mail of 40 MB has to fit several times.
   * @default 1024
   */
  readonly inboundMemory?: number;
  /**
   * Requests with received mail a second, from 1 to 10000; those above are answered 429, and the providers post again.
   * @default 100
   */
  readonly inboundRate?: number;
  /**
   * How applications get delivery events.
   * @default - they stay on the events queue, for a program of yours to read
   */
  readonly events?: ApplicationEvents;
  /**
   * Requests with delivery events a second, from 1 to 10000; those above are answered 429, and the providers post again.
   * @default 100
   */
  readonly eventsRate?: number;
  /**
   * Largest number of invocations of the function for delivery events at a time, from 2 to 1000, reserved for it. Lambda
   * leaves at least 10 of an account unreserved, and a new account has 10 in all.
   * @default - 20 in the stage `live`, otherwise none is reserved
   */
  readonly eventsConcurrency?: number;
  /**
   * How long an object in the mail bucket is kept, at least 28 days: 14 in a queue and 14 in the
   * dead-letter queue. The time of a redriven message's objects starts again.
   * @default - 30 days
   */
  readonly mailExpiration?: Duration;
  /**
   * How long the sender's log is kept.
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;
  /**
   * Share, from 0 to 1, of the submissions accepted at their first attempt that is logged. Every other attempt is
   * always logged, and metrics count all.
   * @default 1
   */
  readonly straightLogShare?: number;
  /**
   * How a new version of the functions that send, receive and take events replaces the previous version. `gradual`: it gets a tenth of the invocations for a quarter of an hour,
   * then all; the previous version is restored if an alarm on these functions or on a provider is raised meanwhile. Such a release is refused while one of these alarms is raised. `at-once`: it gets all invocations at the deployment.
   * @default - `gradual` in the stage `live`, otherwise `at-once`
   */
  readonly releases?: Releases;
  /**
   * Deletes queues, table, secret and logs with the stack, for deployments of a day; the bucket has to be emptied first. Refused in the stage `live`.
   * @default false - they are kept
   */
  readonly throwAway?: boolean;
  /**
   * Key that encrypts queues, tables, bucket, generated secrets, logs, and the topics of SES. The topics of the alarms have a key of their own, so
   * that they can report a disabled key.
   * @default - keys that AWS owns, at no price
   */
  readonly encryptionKey?: Given<IKey>;
  /**
   * Bucket for content that is larger than a queue message. Mailover writes under `submissions/` and `inbound/`; its objects must live
   * for at least 28 days.
   * @default - a bucket is made
   */
  readonly mailBucket?: Given<IBucket | Bucket>;
  /**
   * Table of the ledger, circuits and switches: on demand, partition key `pk` (string), no sort key, time to live `expires`. Mailover has all
   * of its items.
   * @default - a table is made
   */
  readonly stateTable?: Given<ITable | Table | TableV2>;
  /**
   * Targets and options of the alarms. In the stage `live` they need a target other than e-mail, which fails together with what it reports.
   * @default - no targets, which the stage `live` refuses
   */
  readonly monitoring?: MonitoringProps;
}
