import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type SenderEnvironment, senderEnvironment } from '../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import type { Timing } from '../configuration/timing.ts';
import type { ListsTable } from '../storage/lists-table.ts';
import { SUBMISSIONS } from '../storage/mail-bucket.ts';
import type { ProofKey } from '../storage/proof-key.ts';
import type { Queues } from '../storage/queues.ts';
import type { SuppressionKey } from '../storage/suppression-key.ts';
import { CONSUME, listsStatement, nagName, providerStatements, sendWildcards, tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';

const BATCH_SIZE = 10;

/** Patterns of the keys of the items in the state table that the function writes, and of the items that it reads. */
const WRITES = ['submission/*', 'circuit/*', 'rate/*', 'crash/*', 'tally/*', 'ended/*'];
const READS = [...WRITES, 'switch/*', 'suppression/*'];

export interface SenderProps extends FunctionProps {
  /** The providers that send. */
  readonly providers: readonly ProviderConfig[];
  readonly routes: readonly RouteConfig[];
  readonly queues: Queues;
  readonly mailBucket: IBucket;
  readonly stateTable: ITable;
  readonly proofKey: ProofKey;
  readonly suppressionKey: SuppressionKey | undefined;
  readonly listsTable: ListsTable;
  /** Whether classes of mail are paused when their rate of bounces or complaints is above the limit. */
  readonly classesPause: boolean;
  /** URL that the links to unsubscribe begin with; undefined if no class of mail has such links. */
  readonly unsubscribeUrl: string | undefined;
  /** Whether the sender also writes an event for each dead letter. */
  readonly deadLetterEvents: boolean;
  readonly timing: Timing;
  readonly memorySize: number;
  readonly outboundConcurrency: number;
  readonly retryConcurrency: number;
  readonly straightLogShare: number;
}

/** The Lambda function that sends the mail of the outbound queue and of all retry queues, and the IAM role of the function. */
export class SenderFunction extends MailoverFunction<SenderEnvironment> {
  constructor(scope: Construct, id: string, props: SenderProps) {
    const { queues, timing, outboundConcurrency, retryConcurrency } = props;
    super(scope, id, {
      ...props,
      description: 'Sends submissions through the providers in turn',
      roleDescription: 'Permissions of the sender of Mailover',
      entry: 'lambda/sender/handler.ts',
      environment: senderEnvironment,
      values: valuesOf(props),
      smallerEnvironment: 'use fewer providers and routes, or shorter options',
      timeout: timing.functionTimeout,
      // For a retry the function sends a message to a queue that invokes the same function. Lambda detects this as a recursive
      // loop, and would drop the message after 16 invocations (docs/adr/0017-loop-detection.md). Therefore the loop detection is
      // off. The sender itself ends the retries when the submission reaches a maximum age.
      recursiveLoop: RecursiveLoop.ALLOW,
      isReleased: true,
    });
    this.allowWhatSendingNeeds(props);
    this.consume('Outbound', queues.outbound, outboundConcurrency);
    for (const [key, queue] of queues.retry) {
      const mapping = this.consume(`Retry-${key}`, queue, retryConcurrency);
      // If a provider is removed from the list, its queue and this event source mapping are retained: waiting mail still goes out
      // through the other providers. The policy of the role then no longer contains the queue, so the policy of the queue must
      // allow the access.
      mapping.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
      queue.addToResourcePolicy(
        new PolicyStatement({ principals: [this.role.grantPrincipal], actions: CONSUME, resources: [queue.queueArn] }),
      );
    }
  }

  private consume(id: string, queue: Queue, maxConcurrency: number): EventSourceMapping {
    return new EventSourceMapping(this, id, {
      target: this.invoked,
      eventSourceArn: queue.queueArn,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
      // The maximum concurrency of the event source mapping is set, and no reserved concurrency of the function. With reserved
      // concurrency, Lambda would throttle invocations. Each throttled invocation increases the receive count of its messages,
      // and SQS could move healthy mail to the dead-letter queue.
      maxConcurrency,
    });
  }

  private allowWhatSendingNeeds({
    queues,
    mailBucket,
    stateTable,
    proofKey,
    suppressionKey,
    listsTable,
    classesPause,
    unsubscribeUrl,
    routes,
    providers,
  }: SenderProps): void {
    const { outbound, deadLetter, events, retry } = queues;
    const arns = (list: Iterable<Queue>) => Array.from(list, ({ queueArn }) => queueArn);
    this.allow(CONSUME, arns([outbound, ...retry.values()]));
    this.allow(['sqs:SendMessage'], arns([deadLetter, events, ...retry.values()]));
    this.allowObjects(
      // When a dead letter is redriven, the sender copies the S3 objects of the message onto themselves, so that the time until
      // they expire starts again.
      ['s3:GetObject', 's3:PutObject'],
      mailBucket,
      SUBMISSIONS,
      'Producers choose the names of the objects under this prefix, so the sender reads any of them, and copies them in place.',
    );
    // Without this permission, S3 answers "access denied" for a missing object, and the sender could not tell a missing object
    // from a missing permission.
    this.allow(['s3:ListBucket'], [mailBucket.bucketArn]);
    const gated = routes.some(({ verifiedRecipients }) => verifiedRecipients) ? ['verified/*'] : [];
    const pauses = classesPause ? ['paused-classes'] : [];
    const reads = [...READS, ...pauses, ...(unsubscribeUrl === undefined ? [] : ['unsubscribed/*']), ...gated];
    this.role.addToPolicy(tableStatement(stateTable, ['GetItem', 'BatchGetItem'], reads));
    this.role.addToPolicy(tableStatement(stateTable, ['PutItem'], [...WRITES, ...gated]));
    this.role.addToPolicy(proofKey.readStatement());
    if (suppressionKey) {
      this.role.addToPolicy(suppressionKey.readStatement());
      this.role.addToPolicy(listsStatement(listsTable, ['Query'], ['event/*']));
      if (classesPause) this.role.addToPolicy(listsStatement(listsTable, ['PutItem'], ['classes/*']));
    }
    for (const statement of providerStatements(this, providers)) this.role.addToPolicy(statement);
    for (const { resource, reason } of sendWildcards(this, providers))
      this.acknowledge(`AwsSolutions-IAM5[Resource::${nagName(this, resource)}]`, reason);
  }
}

function valuesOf(props: SenderProps): SenderEnvironment {
  const { queues, mailBucket, stateTable, proofKey, suppressionKey, listsTable } = props;
  const { providers, routes, straightLogShare, timing, outboundConcurrency, retryConcurrency, deadLetterEvents } =
    props;
  return {
    providers,
    routes: routes.length > 0 ? routes : undefined,
    outboundQueueArn: queues.outbound.queueArn,
    deadLetterQueueUrl: queues.deadLetter.queueUrl,
    eventsQueueUrl: queues.events.queueUrl,
    deadLetterEvents: deadLetterEvents || undefined,
    retryQueueUrls: Object.fromEntries(Array.from(queues.retry, ([key, { queueUrl }]) => [key, queueUrl])),
    maxReceiveCount: timing.maxReceiveCount,
    workers: outboundConcurrency + queues.retry.size * retryConcurrency,
    mailBucket: mailBucket.bucketName,
    proofSecret: proofKey.secretArn,
    suppressionSecret: suppressionKey?.secretArn,
    listsTable: suppressionKey && listsTable.tableName,
    classesPause: props.classesPause || undefined,
    stateTable: stateTable.tableName,
    unsubscribeUrl: props.unsubscribeUrl,
    straightLogShare: straightLogShare < 1 ? straightLogShare : undefined,
  };
}
