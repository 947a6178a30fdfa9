import { EventSourceMapping, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { ReceiptRule, ReceiptRuleSet, TlsPolicy } from 'aws-cdk-lib/aws-ses';
import { S3 } from 'aws-cdk-lib/aws-ses-actions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ReceiptRule as ReceiptRuleOptions } from '../../lambda/providers/provider.ts';
import { receivesInADay } from '../configuration/timing.ts';
import { MailQueue } from '../storage/queues.ts';
import { SesTopic } from './ses-topic.ts';

/** Key prefix of raw mail that SES writes. */
export const SES_PREFIX = 'inbound/ses/';

export interface SesReceivingProps {
  readonly rule: ReceiptRuleOptions;
  readonly mailBucket: IBucket;
  readonly receiver: IFunction;
  /** Time-out of the receiver. */
  readonly timeout: Duration;
}

/**
 * Receiving over SES, which takes large mail: SES writes a mail to the bucket and notifies a queue, which the receiver reads.
 *
 * Over a topic instead of the bucket's events, since only the notification of SES has the envelope.
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
      // Visibility time-out as for every queue that a function reads.
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
      // The verdicts are part of the notification; no mail is refused because of them.
      scanEnabled: true,
      // Optional, so that mail of servers without TLS is not lost.
      tlsPolicy: TlsPolicy.OPTIONAL,
    });
    new EventSourceMapping(this, 'Source', {
      target: receiver,
      eventSourceArn: this.queue.queueArn,
      // One at a time: a mail may have 40 MB in the memory of the function.
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: 10,
    });
  }
}
