import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type UnsubscribeEnvironment, unsubscribeEnvironment } from '../../lambda/contract/unsubscribe-environment.ts';
import type { UnsubscribeLinks } from '../configuration/unsubscribe-links.ts';
import type { SuppressionKey } from '../storage/suppression-key.ts';
import { tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';
import type { UnansweredRequests, WebhookApi } from './webhook-api.ts';

/**
 * Time-out of the function: time for four calls to DynamoDB, one to SQS and one to Secrets Manager, some of them with a retry.
 */
const FUNCTION_TIMEOUT = Duration.seconds(20);

export interface UnsubscribeProps extends FunctionProps {
  /** The events queue. */
  readonly queue: Queue;
  readonly stateTable: ITable;
  readonly suppressionKey: SuppressionKey;
  readonly api: WebhookApi;
  /** Number of requests per second that the HTTP API accepts; a short burst may have twice this number. */
  readonly rate: number;
}

/** The Lambda function behind the links to unsubscribe, and the IAM role of the function. */
export class UnsubscribeFunction extends MailoverFunction<UnsubscribeEnvironment> {
  readonly unanswered: UnansweredRequests;

  constructor(scope: Construct, id: string, props: UnsubscribeProps) {
    const { queue, stateTable, suppressionKey, api, rate } = props;
    super(scope, id, {
      ...props,
      description: 'Answers the links to unsubscribe',
      roleDescription: 'Permissions of the function behind the links to unsubscribe',
      entry: 'lambda/unsubscribe/handler.ts',
      environment: unsubscribeEnvironment,
      values: {
        path: UNSUBSCRIBE_PATH,
        eventsQueueUrl: queue.queueUrl,
        stateTable: stateTable.tableName,
        suppressionSecret: suppressionKey.secretArn,
      },
      smallerEnvironment: 'use a shorter name of the deployment',
      timeout: FUNCTION_TIMEOUT,
      memorySize: 256,
      recursiveLoop: RecursiveLoop.TERMINATE,
    });
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    this.role.addToPolicy(tableStatement(stateTable, ['GetItem', 'PutItem'], ['unsubscribed/*']));
    this.role.addToPolicy(suppressionKey.readStatement());
    this.unanswered = api.linkRoute({ name: UNSUBSCRIBE_PATH, function: this.function, rate }, 'Unsubscribe');
  }
}

/** First segment of the paths of the links to unsubscribe. */
const UNSUBSCRIBE_PATH = 'unsubscribe';

/**
 * Returns the URL that the links to unsubscribe begin with, without a slash at its end. The sender writes these links into mail.
 * Undefined if no class of mail has such links.
 */
export function unsubscribeBase(
  classes: readonly string[],
  api: WebhookApi | undefined,
  { unsubscribeUrl }: UnsubscribeLinks,
): string | undefined {
  if (classes.length === 0 || api === undefined) return undefined;
  return unsubscribeUrl ?? `${api.api.apiEndpoint}/${UNSUBSCRIBE_PATH}`;
}
