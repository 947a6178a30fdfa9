import type { EachResource, Properties } from './resources.ts';

/** A receipt rule of the template that writes mail to a bucket and notifies a topic. */
export interface DeployedReceiptRule {
  readonly recipients: readonly string[];
  readonly bucketName: string;
  readonly objectKeyPrefix: string;
  readonly topicArn: string;
}

/** A queue that a topic of the template sends to. */
export interface DeployedSubscription {
  readonly topicArn: string;
  readonly queueArn: string;
}

/** The receipt rules and subscriptions of a template; fails on a rule that the local stack cannot run. */
export function readReceiving(each: EachResource): {
  readonly receiptRules: DeployedReceiptRule[];
  readonly subscriptions: DeployedSubscription[];
} {
  return {
    receiptRules: each('AWS::SES::ReceiptRule', ({ Rule }) => {
      const { Recipients = [], Actions = [] } = Rule as {
        readonly Recipients?: string[];
        readonly Actions?: { readonly S3Action?: Properties }[];
      };
      const action = Actions.length === 1 ? Actions[0]?.S3Action : undefined;
      if (action === undefined)
        throw new Error('the local stack runs only receipt rules with one action, which writes to S3');
      return {
        recipients: Recipients,
        bucketName: String(action['BucketName']),
        objectKeyPrefix: String(action['ObjectKeyPrefix'] ?? ''),
        topicArn: String(action['TopicArn']),
      };
    }),
    subscriptions: each('AWS::SNS::Subscription', ({ Protocol, Endpoint, TopicArn, RawMessageDelivery }) => ({
      played: Protocol === 'sqs' && RawMessageDelivery === true,
      topicArn: String(TopicArn),
      queueArn: String(Endpoint),
    })).filter(({ played }) => played),
  };
}
