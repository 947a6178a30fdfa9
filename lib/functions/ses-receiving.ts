import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { ReceiptRule, ReceiptRuleSet, TlsPolicy } from 'aws-cdk-lib/aws-ses';
import { S3 } from 'aws-cdk-lib/aws-ses-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { SesInboundOptions } from '../../lambda/contract/providers.ts';
import { receivesInVain } from '../configuration/timing.ts';
import { MailQueue } from '../storage/queues.ts';

/** Where SES writes mail as it came. */
export const SES_PREFIX = 'inbound/ses/';

export interface SesReceivingProps {
  readonly options: SesInboundOptions;
  readonly mailBucket: Bucket;
  readonly receiver: LambdaFunction;
}

/**
 * The way without a size limit: SES writes a mail to the bucket and tells a queue, which the receiver reads.
 *
 * By way of a topic, and not by the bucket's own events: only the notification of SES names the envelope.
 */
export class SesReceiving extends Construct {
  readonly queue: Queue;
  readonly deadLetter: Queue;

  constructor(scope: Construct, id: string, { options, mailBucket, receiver }: SesReceivingProps) {
    super(scope, id);
    const visibilityTimeout = Duration.seconds(6 * (receiver.timeout?.toSeconds() ?? 0));
    this.deadLetter = new MailQueue(this, 'DeadLetter', { retentionPeriod: Duration.days(14) });
    this.queue = new MailQueue(this, 'Queue', {
      retentionPeriod: Duration.days(14),
      // As for every queue that a function reads.
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetter, maxReceiveCount: receivesInVain(visibilityTimeout) },
    });
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('ses.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    topic.addSubscription(new SqsSubscription(this.queue, { rawMessageDelivery: true }));
    const { ruleSetName, recipients, canary } = options;
    new ReceiptRule(this, 'Rule', {
      ruleSet: ruleSetName
        ? ReceiptRuleSet.fromReceiptRuleSetName(this, 'RuleSet', ruleSetName)
        : new ReceiptRuleSet(this, 'RuleSet'),
      recipients: [...recipients, ...(canary ? [canary.to] : [])],
      actions: [new S3({ bucket: mailBucket as IBucket, objectKeyPrefix: SES_PREFIX, topic })],
      // The verdicts come with the mail; nothing is turned away for them.
      scanEnabled: true,
      // Mail servers without TLS exist, and their mail is not to be lost.
      tlsPolicy: TlsPolicy.OPTIONAL,
    });
    new EventSourceMapping(this, 'Source', {
      target: receiver,
      eventSourceArn: this.queue.queueArn,
      // Mail of 40 MB, one at a time in the memory of a function.
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: 10,
    });
  }
}
