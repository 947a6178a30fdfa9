import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  type InboundEnvironment,
  type InboundProvider,
  inboundEnvironment,
  type ReportedProvider,
} from '../../lambda/contract/inbound-environment.ts';
import type { ReceiptRule } from '../../lambda/providers/inbound-definition.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { ListsTable } from '../storage/lists-table.ts';
import type { SuppressionKey } from '../storage/suppression-key.ts';
import { CONSUME, listsStatement, secretStatement, tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';
import { SES_PREFIX, SesReceiving } from './ses-receiving.ts';
import type { UnansweredRequests, WebhookApi } from './webhook-api.ts';

/**
 * Time-out of the function. An HTTP API waits for the answer of a function for at most 30 s. This time-out is a little shorter,
 * so that the function can still answer the provider itself.
 */
const FUNCTION_TIMEOUT = Duration.seconds(29);

/** Key prefix of all objects of received mail in the mail bucket. */
const PREFIX = 'inbound/';

/**
 * Patterns of the keys of the items in the state table that the function reads and writes: records of received mail, used tokens,
 * and canaries that returned.
 */
const ITEMS = ['inbound/*', 'message-id/*', 'token/*', 'canary/*'];

export interface InboundProps extends FunctionProps {
  /** The providers that receive. */
  readonly providers: readonly InboundProvider[];
  /** The inbound queue. */
  readonly queue: Queue;
  /** The receipt rule by which SES writes mail to the bucket; undefined if no SES provider receives mail. */
  readonly receiptRule: ReceiptRule | undefined;
  readonly mailBucket: IBucket;
  readonly stateTable: ITable;
  readonly api: WebhookApi;
  readonly memorySize: number;
  /**
   * Number of requests per second that the HTTP API accepts; a short burst may have twice this number. Further requests are
   * answered with 429, and the providers post them again.
   */
  readonly rate: number;
  /**
   * Resources for delivery events that arrive as received mail, such as reports of bounces; undefined if no provider sends its
   * delivery events as mail.
   */
  readonly reports:
    | {
        readonly providers: readonly ReportedProvider[];
        /** The events queue. */
        readonly queue: Queue;
        readonly listsTable: ListsTable;
        readonly suppressionKey: SuppressionKey;
      }
    | undefined;
}

/** The Lambda function that receives mail, over HTTP or through SES, and the IAM role of the function. */
export class InboundFunction extends MailoverFunction<InboundEnvironment> {
  /** Metric filters for the requests that the HTTP API answered in place of the function. */
  readonly unanswered: UnansweredRequests;
  /** The resources to receive mail through SES; undefined if no SES provider receives mail. */
  readonly ses: SesReceiving | undefined;

  constructor(scope: Construct, id: string, props: InboundProps) {
    const { providers, queue, receiptRule, mailBucket, stateTable, reports } = props;
    super(scope, id, {
      ...props,
      description: 'Receives mail from the receiving providers',
      roleDescription: 'Permissions of the receiver of Mailover',
      entry: 'lambda/inbound/handler.ts',
      environment: inboundEnvironment,
      values: {
        providers,
        inboundQueueUrl: queue.queueUrl,
        mailBucket: mailBucket.bucketName,
        stateTable: stateTable.tableName,
        reported: reports?.providers,
        eventsQueueUrl: reports?.queue.queueUrl,
        listsTable: reports?.listsTable.tableName,
        suppressionSecret: reports?.suppressionKey.secretArn,
      },
      smallerEnvironment: 'use fewer receiving providers, or fewer source ranges',
      timeout: FUNCTION_TIMEOUT,
      recursiveLoop: RecursiveLoop.TERMINATE,
      isReleased: true,
    });
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    this.allowObjects(
      ['s3:PutObject'],
      mailBucket,
      PREFIX,
      'Objects are named by the hash of their content, under one prefix.',
    );
    this.role.addToPolicy(tableStatement(stateTable, ['GetItem', 'PutItem'], ITEMS));
    if (reports) {
      this.allow(['sqs:SendMessage'], [reports.queue.queueArn]);
      this.role.addToPolicy(tableStatement(stateTable, ['GetItem'], ['submission/*']));
      this.role.addToPolicy(listsStatement(reports.listsTable, ['Query', 'PutItem'], ['event/*']));
      this.role.addToPolicy(reports.suppressionKey.readStatement());
    }
    const secrets = providers.flatMap(({ secretName }) => secretName ?? []);
    if (secrets.length > 0) this.role.addToPolicy(secretStatement(Stack.of(this), secrets));
    const ends = providers.flatMap(({ type }) => {
      const { inbound } = definitionOf(type);
      return inbound?.over === 'http' ? (inbound.pathEnds ?? []) : [];
    });
    const { rate, api } = props;
    this.unanswered = api.route({ name: 'inbound', ends: [...new Set(ends)], function: this.invoked, rate }, 'Inbound');
    this.ses =
      receiptRule &&
      new SesReceiving(this, 'Ses', {
        rule: receiptRule,
        mailBucket,
        receiver: this.invoked,
        timeout: FUNCTION_TIMEOUT,
      });
    if (this.ses === undefined) return;
    this.allow(CONSUME, [this.ses.queue.queueArn]);
    this.allowObjects(['s3:GetObject'], mailBucket, SES_PREFIX, 'SES names the objects, all under one prefix.');
  }
}
