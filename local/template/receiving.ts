import type { EachResource, Properties } from './resources.ts';

/** A receipt rule of SES in the template. The rule writes received mail to a bucket and notifies a topic. */
export interface DeployedReceiptRule {
  readonly recipients: readonly string[];
  readonly bucketName: string;
  readonly objectKeyPrefix: string;
  readonly topicArn: string;
}

/** A subscription of the template, with which a queue gets the messages of a topic. */
export interface DeployedSubscription {
  readonly topicArn: string;
  readonly queueArn: string;
}

/** An event destination of the template, with which an SES configuration set publishes events to a topic. */
export interface DeployedEventDestination {
  readonly configurationSet: string;
  readonly topicArn: string;
  /** Event types under the names of the SES API, such as `renderingFailure`. */
  readonly types: readonly string[];
}

/**
 * Reads the SES receipt rules, SES event destinations and SNS subscriptions of a template. Throws on a rule or destination that
 * the local stack cannot run. Leaves out subscriptions other than those of a queue with raw message delivery.
 */
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
      isSupported: Protocol === 'sqs' && RawMessageDelivery === true,
      topicArn: String(TopicArn),
      queueArn: String(Endpoint),
    })).filter(({ isSupported }) => isSupported),
  };
}
