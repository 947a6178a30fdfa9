/** A price in US dollars, with its unit and its source. */
export interface Price {
  readonly dollars: number;
  readonly per: string;
  readonly source: string;
}

/** Region and day of every price. The prices do not include the free tier and volume discounts. */
export const PRICE_LIST = { region: 'us-east-1', date: '2026-11-29', hoursOfMonth: 730 } as const;

const price = (dollars: number, per: string, source: string): Price => ({ dollars, per, source });

/** Prices of AWS. CodeDeploy is free for Lambda functions: its price list names only deployments to on-premises servers. */
export const PRICES = {
  gigabyteSecond: price(0.0000133334, 'GB-second of a function on arm64', 'aws.amazon.com/lambda/pricing'),
  invocation: price(0.2e-6, 'invocation of a function', 'aws.amazon.com/lambda/pricing'),
  queueRequest: price(0.4e-6, 'request to a standard queue, of up to 64 KB', 'aws.amazon.com/sqs/pricing'),
  topicRequest: price(0.5e-6, 'message to a topic; deliveries to queues are free', 'aws.amazon.com/sns/pricing'),
  writeUnit: price(0.625e-6, 'write unit of a table on demand', 'aws.amazon.com/dynamodb/pricing/on-demand'),
  readUnit: price(0.125e-6, 'read unit of a table on demand', 'aws.amazon.com/dynamodb/pricing/on-demand'),
  tableStorage: price(0.25, 'GB of a table for a month', 'aws.amazon.com/dynamodb/pricing/on-demand'),
  tableBackup: price(0.2, 'GB of point-in-time recovery for a month', 'aws.amazon.com/dynamodb/pricing/on-demand'),
  apiRequest: price(1e-6, 'request to an HTTP API', 'aws.amazon.com/api-gateway/pricing'),
  logIngestion: price(0.5, 'GB of log', 'aws.amazon.com/cloudwatch/pricing'),
  logStorage: price(0.03, 'GB of log for a month', 'aws.amazon.com/cloudwatch/pricing'),
  metric: price(0.3, 'series of a metric for a month', 'aws.amazon.com/cloudwatch/pricing'),
  alarmMetric: price(0.1, 'metric that an alarm reads, for a month', 'aws.amazon.com/cloudwatch/pricing'),
  compositeAlarm: price(0.5, 'composite alarm for a month', 'aws.amazon.com/cloudwatch/pricing'),
  dashboard: price(3, 'dashboard for a month', 'aws.amazon.com/cloudwatch/pricing'),
  key: price(1, 'key for a month', 'aws.amazon.com/kms/pricing'),
  secret: price(0.4, 'secret for a month', 'aws.amazon.com/secrets-manager/pricing'),
  objectPut: price(5e-6, 'object written to a bucket', 'aws.amazon.com/s3/pricing'),
  transferOut: price(0.09, 'GB sent to the internet', 'aws.amazon.com/ec2/pricing/on-demand, data transfer'),
  pipeRequest: price(0.4e-6, 'request of a pipe', 'aws.amazon.com/eventbridge/pricing'),
  busEvent: price(1e-6, 'event put on a bus', 'aws.amazon.com/eventbridge/pricing'),
  natGatewayHour: price(0.045, 'NAT gateway and hour', 'aws.amazon.com/vpc/pricing'),
  natGatewayTraffic: price(0.045, 'GB through a NAT gateway', 'aws.amazon.com/vpc/pricing'),
  endpointHour: price(0.01, 'interface endpoint, availability zone and hour', 'aws.amazon.com/privatelink/pricing'),
  endpointTraffic: price(0.01, 'GB through an interface endpoint', 'aws.amazon.com/privatelink/pricing'),
} as const satisfies Record<string, Price>;

const perThousand = (dollars: number, plan: string, source: string): Price => price(dollars / 1_000, plan, source);

/**
 * List prices by type of provider, for one mail to one recipient. A list price applies to mails beyond the number that the plan
 * includes. The prices of a contract may differ by more than half; `npm run bill` accepts other prices. There is no list price
 * for `smtp`, and none for provider types of your own.
 */
export const PROVIDER_PRICES: Readonly<Record<string, Price>> = {
  postmark: perThousand(1.3, 'mail above the plan Pro', 'postmarkapp.com/pricing'),
  mailgun: perThousand(
    1.3,
    'mail above the plan Foundation',
    'camoa.github.io/dev-guides, mailgun/pricing-tier-selection',
  ),
  sendgrid: perThousand(0.9, 'mail above the plan Essentials 100K', 'twilio.com/en-us/products/email-api/pricing'),
  // Accounts that sent mail before 2026-07-21 pay 0.10 dollars for a thousand mails, without a plan.
  ses: perThousand(0.16, 'mail of the plan Essentials', 'aws.amazon.com/ses/pricing'),
};

/** Converts an hourly price to dollars a month, such as `32.85`. */
export function monthly({ dollars }: Price): string {
  return (dollars * PRICE_LIST.hoursOfMonth).toFixed(2);
}
