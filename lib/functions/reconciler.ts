import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as InvokeFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { encodeReconcilerEnvironment, type ReconciledProvider } from '../../lambda/contract/reconciler-environment.ts';
import type { StateTable } from '../storage/state-table.ts';
import { secretStatement, tableStatement } from './access.ts';
import { bundle, HANDLER } from './bundle.ts';

const EVERY = Duration.minutes(5);
/** Below the time between two runs, so that they do not meet. */
const FUNCTION_TIMEOUT = Duration.minutes(4);

const PREFIX = 'inbound/';
/** Its own items, and which mail arrived. */
const ITEMS = ['inbound/*', 'message-id/*', 'reconciled/*', 'reconciler/*', 'canary/*'];

export interface ReconcilerProps {
  readonly providers: readonly ReconciledProvider[];
  readonly queue: Queue;
  readonly mailBucket: Bucket;
  readonly stateTable: StateTable;
  readonly memorySize: number;
  readonly logRetention: RetentionDays;
}

/** The function that asks every five minutes for received mail that did not arrive, and everything that it may do. */
export class ReconcilerFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.logGroup = new LogGroup(this, 'Log', { retention: props.logRetention });
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Asks the providers for received mail that did not arrive',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: bundle('lambda/reconciler/handler.ts'),
      handler: HANDLER,
      timeout: FUNCTION_TIMEOUT,
      memorySize: props.memorySize,
      environment: encodeReconcilerEnvironment(
        {
          providers: props.providers,
          inboundQueueUrl: props.queue.queueUrl,
          mailBucket: props.mailBucket.bucketName,
          stateTable: props.stateTable.tableName,
        },
        (value) => stack.toJsonString(value),
      ),
      role: this.role(props),
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.TEXT,
      // The next run takes up whatever this one did not do.
      retryAttempts: 0,
      maxEventAge: EVERY,
    });
    new Rule(this, 'EveryFiveMinutes', {
      description: 'Asks the providers for received mail that did not arrive',
      schedule: Schedule.rate(EVERY),
      targets: [new InvokeFunction(this.function, { retryAttempts: 0, maxEventAge: EVERY })],
    });
  }

  private role({ queue, mailBucket, stateTable, providers }: ReconcilerProps): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'What the reconciler of Mailover may do',
    });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    const secrets = providers.flatMap(({ secretName, apiSecretName }) =>
      [secretName ?? [], apiSecretName ?? []].flat(),
    );
    allow(['sqs:SendMessage'], [queue.queueArn]);
    allow(['s3:PutObject'], [mailBucket.arnForObjects(`${PREFIX}*`)]);
    role.addToPolicy(tableStatement(stateTable, ['GetItem', 'BatchGetItem', 'PutItem'], ITEMS));
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn]);
    if (secrets.length > 0) role.addToPolicy(secretStatement(Stack.of(this), secrets));
    const bucketId = Stack.of(this).getLogicalId(mailBucket.node.defaultChild as CfnBucket);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${PREFIX}*]`,
      reason: 'Objects are named by the hash of what they hold, all under one prefix.',
    });
    return role;
  }
}
