import { EventSourceMapping, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { ReceiptRule, ReceiptRuleSet, TlsPolicy } from 'aws-cdk-lib/aws-ses';
import { S3 } from 'aws-cdk-lib/aws-ses-actions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ReceiptRule as ReceiptRuleOptions } from '../../lambda/providers/inbound-definition.ts';
import { receivesInADay } from '../configuration/timing.ts';
import { MailQueue } from '../storage/queues.ts';
import { SesTopic } from './ses-topic.ts';

/** Key prefix of the objects with raw mail that SES writes. */
export const SES_PREFIX = 'inbound/ses/';

export interface SesReceivingProps {
  readonly rule: ReceiptRuleOptions;
  readonly mailBucket: IBucket;
  readonly receiver: IFunction;
  /** Time-out of the function that receives mail. */
  readonly timeout: Duration;
}

/**
 * The resources to receive mail through SES, which accepts mail of up to 40 MB. SES writes each mail to the bucket, and publishes
 * a notification to an SNS topic. The topic sends the notification to a queue, which the receiving function reads.
 *
 * The notifications of SES are used, and not the event notifications of the bucket, since only a notification of SES contains the
 * envelope.
 */
export class SesReceiving extends Construct {
  readonly queue: Queue;
  readonly deadLetter: Queue;

  constructor(scope: Construct, id: string, { rule, mailBucket, receiver, timeout }: SesReceivingProps) {
    super(scope, id);
    const visibilityTimeout = Duration.seconds(6 * timeout.toSeconds());
    this.deadLetter = new MailQueue(this, 'DeadLetter', { retentionPeriod: Duration.days(14) });
    this.queue = new MailQueue(this, 'Queue', {
      retentionPeriod: Duration.days(14),
      // Six times the time-out of the function, as AWS recommends.
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetter, maxReceiveCount: receivesInADay(visibilityTimeout) },
    });
    const topic = new SesTopic(this, 'Topic', this.queue);
    const { ruleSetName, recipients } = rule;
    new ReceiptRule(this, 'Rule', {
      ruleSet: ruleSetName
        ? ReceiptRuleSet.fromReceiptRuleSetName(this, 'RuleSet', ruleSetName)
        : new ReceiptRuleSet(this, 'RuleSet'),
      recipients: [...recipients],
      actions: [new S3({ bucket: mailBucket, objectKeyPrefix: SES_PREFIX, topic })],
      // SES scans each mail for spam and viruses, and adds the results to the notification. SES does not refuse mail because of
      // these results.
      scanEnabled: true,
      // TLS is optional, so that mail from servers without TLS is not lost.
      tlsPolicy: TlsPolicy.OPTIONAL,
    });
    new EventSourceMapping(this, 'Source', {
      target: receiver,
      eventSourceArn: this.queue.queueArn,
      // Each invocation gets one mail, since a mail may have 40 MB, and the function needs memory for several copies of it.
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: 10,
    });
  }
}
