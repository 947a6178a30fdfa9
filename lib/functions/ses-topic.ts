import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Names, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { defined } from '../../lambda/platform/defined.ts';
import { encryptionKey } from '../storage/encryption.ts';

/** An SNS topic to which SES publishes. The topic sends each notification to a queue. */
export class SesTopic extends Topic {
  constructor(scope: Construct, id: string, queue: Queue) {
    const masterKey = encryptionKey(scope);
    super(scope, id, { enforceSSL: true, ...defined({ masterKey }) });
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('ses.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    const { policyDependable } = queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': this.topicArn } },
      }),
    );
    // The construct `SqsSubscription` is not used: it would name this topic in the policy of the KMS key that encrypts the topic,
    // and the topic and the key would then depend on each other.
    this.addSubscription({
      bind: () => ({
        subscriberScope: queue,
        subscriberId: Names.nodeUniqueId(this.node),
        endpoint: queue.queueArn,
        protocol: SubscriptionProtocol.SQS,
        rawMessageDelivery: true,
        ...defined({ subscriptionDependency: policyDependable }),
      }),
    });
  }
}
