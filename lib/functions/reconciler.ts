import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  type ReconciledProvider,
  type ReconcilerEnvironment,
  reconcilerEnvironment,
} from '../../lambda/contract/reconciler-environment.ts';
import { secretStatement, tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';

const EVERY = Duration.minutes(5);
/** Time-out of the function. It is shorter than the interval between two runs, so that runs do not overlap. */
const FUNCTION_TIMEOUT = Duration.minutes(4);

const PREFIX = 'inbound/';
/**
 * Patterns of the keys of the items in the state table that the function reads and writes: records of received mail, its own
 * progress, and canaries that returned.
 */
const ITEMS = ['inbound/*', 'message-id/*', 'reconciled/*', 'reconciler/*', 'canary/*'];

export interface ReconcilerProps extends FunctionProps {
  readonly providers: readonly ReconciledProvider[];
  readonly queue: Queue;
  readonly mailBucket: IBucket;
  readonly stateTable: ITable;
  readonly memorySize: number;
}

/**
 * The Lambda function that asks the providers every five minutes for received mail that did not arrive, and the IAM role of the
 * function.
 */
export class ReconcilerFunction extends MailoverFunction<ReconcilerEnvironment> {
  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    const { providers, queue, mailBucket, stateTable } = props;
    super(scope, id, {
      ...props,
      description: 'Asks the providers for received mail that did not arrive',
      roleDescription: 'Permissions of the reconciler of Mailover',
      entry: 'lambda/reconciler/handler.ts',
      environment: reconcilerEnvironment,
      values: {
        providers,
        inboundQueueUrl: queue.queueUrl,
        mailBucket: mailBucket.bucketName,
        stateTable: stateTable.tableName,
      },
      smallerEnvironment: 'use fewer receiving providers, domains or source ranges',
      timeout: FUNCTION_TIMEOUT,
      recursiveLoop: RecursiveLoop.TERMINATE,
      schedule: {
        id: 'EveryFiveMinutes',
        every: EVERY,
        description: 'Asks the providers for received mail that did not arrive',
      },
    });
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    this.allowObjects(
      ['s3:PutObject'],
      mailBucket,
      PREFIX,
      'Objects are named by the hash of their content, under one prefix.',
    );
    this.role.addToPolicy(tableStatement(stateTable, ['GetItem', 'BatchGetItem', 'PutItem'], ITEMS));
    const secrets = providers.flatMap(({ secretName, apiSecretName }) =>
      [secretName ?? [], apiSecretName ?? []].flat(),
    );
    if (secrets.length > 0) this.role.addToPolicy(secretStatement(Stack.of(this), secrets));
  }
}
