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

/** A configuration set of the template that publishes events to a topic. */
export interface DeployedEventDestination {
  readonly configurationSet: string;
  readonly topicArn: string;
  /** Event types in the words of the API, such as `renderingFailure`. */
  readonly types: readonly string[];
}

/** The receipt rules, event destinations and subscriptions of a template; fails on a rule that the local stack cannot run. */
export function readReceiving(each: EachResource): {
  readonly receiptRules: DeployedReceiptRule[];
  readonly eventDestinations: DeployedEventDestination[];
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
    eventDestinations: each(
      'AWS::SES::ConfigurationSetEventDestination',
      ({ ConfigurationSetName, EventDestination }) => {
        const { MatchingEventTypes, SnsDestination } = EventDestination as {
          readonly MatchingEventTypes: readonly string[];
          readonly SnsDestination?: { readonly TopicARN: string };
        };
        if (SnsDestination === undefined) throw new Error('the local stack publishes events of SES only to a topic');
        return {
          configurationSet: String(ConfigurationSetName),
          topicArn: SnsDestination.TopicARN,
          types: MatchingEventTypes,
        };
      },
    ),
    subscriptions: each('AWS::SNS::Subscription', ({ Protocol, Endpoint, TopicArn, RawMessageDelivery }) => ({
      played: Protocol === 'sqs' && RawMessageDelivery === true,
      topicArn: String(TopicArn),
      queueArn: String(Endpoint),
    })).filter(({ played }) => played),
  };
}
