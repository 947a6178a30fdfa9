import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  EventSourceMapping,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { encodeSenderEnvironment } from '../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { checkEnvironmentSize } from '../configuration/environment-size.ts';
import type { Timing } from '../configuration/timing.ts';
import { SUBMISSIONS } from '../storage/mail-bucket.ts';
import type { ProofKey } from '../storage/proof-key.ts';
import type { Queues } from '../storage/queues.ts';
import type { StateTable } from '../storage/state-table.ts';
import { anyConfigurationSet, CONSUME, providerStatements, tableStatement } from './access.ts';
import { bundle, HANDLER } from './bundle.ts';

const BATCH_SIZE = 10;

/** Items of the state table that it writes, and those that it reads. */
const WRITES = ['submission/*', 'circuit/*', 'rate/*', 'crash/*', 'tally/*', 'ended/*'];
const READS = [...WRITES, 'switch/*'];

export interface SenderProps {
  /** Those of the list that send. */
  readonly providers: readonly ProviderConfig[];
  readonly routes: readonly RouteConfig[];
  readonly queues: Queues;
  readonly mailBucket: Bucket;
  readonly stateTable: StateTable;
  readonly letterKey: ProofKey;
  readonly timing: Timing;
  readonly memorySize: number;
  readonly outboundConcurrency: number;
  readonly retryConcurrency: number;
  readonly logRetention: RetentionDays;
  readonly straightLogShare: number;
}

/** The function that takes submissions from the outbound queue and all retry queues, and everything that it may do. */
export class SenderFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: SenderProps) {
    super(scope, id);
    const { queues, timing, outboundConcurrency, retryConcurrency } = props;
    this.logGroup = new LogGroup(this, 'Log', { retention: props.logRetention });
    const role = this.role(props);
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Sends submissions through the providers in turn',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: bundle('lambda/sender/handler.ts'),
      handler: HANDLER,
      timeout: timing.functionTimeout,
      memorySize: props.memorySize,
      environment: this.environment(props),
      role,
      logGroup: this.logGroup,
      // The logger writes JSON by itself; Lambda would wrap each of its lines once more.
      loggingFormat: LoggingFormat.TEXT,
      // A retry is a message to a queue that feeds this very function. Lambda takes that for a runaway and ends it after
      // 16 rounds (docs/adr/0017-loop-detection.md); the age of a submission bounds it instead.
      recursiveLoop: RecursiveLoop.ALLOW,
    });
    this.consume('Outbound', queues.outbound, outboundConcurrency);
    for (const [key, queue] of queues.retry) {
      const mapping = this.consume(`Retry-${key}`, queue, retryConcurrency);
      // A provider that leaves the list leaves its queue, and this consumer, running: what waits there still goes out
      // through the others. The queue itself then lets the function in, as the role no longer names it.
      mapping.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
      queue.addToResourcePolicy(
        new PolicyStatement({ principals: [role.grantPrincipal], actions: CONSUME, resources: [queue.queueArn] }),
      );
    }
  }

  private consume(id: string, queue: Queue, maxConcurrency: number): EventSourceMapping {
    return new EventSourceMapping(this, id, {
      target: this.function,
      eventSourceArn: queue.queueArn,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
      // Not reserved concurrency: its throttled receives count, and would carry healthy mail to the dead-letter queue.
      maxConcurrency,
    });
  }

  private role({ queues, mailBucket, stateTable, letterKey, providers }: SenderProps): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'What the sender of Mailover may do',
    });
    const { outbound, deadLetter, events, retry } = queues;
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    const arns = (list: Iterable<Queue>) => Array.from(list, ({ queueArn }) => queueArn);
    allow(CONSUME, arns([outbound, ...retry.values()]));
    allow(['sqs:SendMessage'], arns([deadLetter, events, ...retry.values()]));
    allow(['s3:GetObject'], [mailBucket.arnForObjects(`${SUBMISSIONS}*`)]);
    // Objects of a redriven message are copied in place, to be as young as it is.
    allow(['s3:PutObject'], [mailBucket.arnForObjects(`${SUBMISSIONS}*`)]);
    // Without it S3 answers "access denied" for an object that is not there, and a lost attachment looks like an outage.
    allow(['s3:ListBucket'], [mailBucket.bucketArn]);
    role.addToPolicy(tableStatement(stateTable, ['GetItem', 'BatchGetItem'], READS));
    role.addToPolicy(tableStatement(stateTable, ['PutItem'], WRITES));
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn]);
    role.addToPolicy(letterKey.readStatement());
    for (const statement of providerStatements(this, providers)) role.addToPolicy(statement);
    acknowledgeWildcards(role, mailBucket, anyConfigurationSet(this, providers));
    return role;
  }

  private environment(props: SenderProps): Record<string, string> {
    const { queues, mailBucket, stateTable, letterKey, providers, routes, straightLogShare, timing } = props;
    checkEnvironmentSize(providers, routes);
    const stack = Stack.of(this);
    return encodeSenderEnvironment(
      {
        providers,
        routes,
        outboundQueueArn: queues.outbound.queueArn,
        deadLetterQueueUrl: queues.deadLetter.queueUrl,
        eventsQueueUrl: queues.events.queueUrl,
        retryQueueUrls: Object.fromEntries(Array.from(queues.retry, ([key, { queueUrl }]) => [key, queueUrl])),
        maxReceiveCount: timing.maxReceiveCount,
        mailBucket: mailBucket.bucketName,
        letterSecret: letterKey.secretArn,
        stateTable: stateTable.tableName,
        ...(straightLogShare < 1 && { straightLogShare }),
      },
      (value) => stack.toJsonString(value),
    );
  }
}

function acknowledgeWildcards(role: Role, bucket: Bucket, configurationSets: readonly string[]): void {
  const stack = Stack.of(bucket);
  const logicalId = stack.getLogicalId(bucket.node.defaultChild as CfnBucket);
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/${SUBMISSIONS}*]`,
    reason:
      'Producers choose the names of the objects under this prefix, so the sender reads any of them, and copies them in place.',
  });
  for (const arn of configurationSets)
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${inWords(stack.resolve(arn))}]`,
      reason:
        "An identity's default configuration set is not known here; From addresses stay limited to the identities.",
    });
}

/** A resolved ARN as cdk-nag writes it: pseudo parameters in angle brackets. */
function inWords(value: string | { Ref: string } | { 'Fn::Join': [string, (string | { Ref: string })[]] }): string {
  if (typeof value === 'string') return value;
  if ('Ref' in value) return `<${value.Ref}>`;
  const [separator, parts] = value['Fn::Join'];
  return parts.map(inWords).join(separator);
}
