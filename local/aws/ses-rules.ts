import { randomBytes } from 'node:crypto';
import { SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import type { Deployment } from '../template/deployment.ts';
import type { AwsServer } from './server.ts';

/** A receipt rule of the template that writes mail to a bucket and tells a topic. */
export interface DeployedReceiptRule {
  readonly recipients: readonly string[];
  readonly bucketName: string;
  readonly objectKeyPrefix: string;
  readonly topicArn: string;
}

/** A queue that a topic of the template tells. */
export interface DeployedSubscription {
  readonly topicArn: string;
  readonly queueArn: string;
}

type Properties = Readonly<Record<string, unknown>>;
type Each = <T>(type: string, read: (properties: Properties) => T) => T[];

/** Reads the rules and subscriptions of a template; what this does not play ends the start. */
export function readReceiving(each: Each): Pick<Deployment, 'receiptRules' | 'subscriptions'> {
  return {
    receiptRules: each('AWS::SES::ReceiptRule', ({ Rule }) => {
      const { Recipients = [], Actions = [] } = Rule as {
        readonly Recipients?: string[];
        readonly Actions?: { readonly S3Action?: Properties }[];
      };
      const action = Actions.length === 1 ? Actions[0]?.S3Action : undefined;
      if (action === undefined)
        throw new Error('the local stack plays receipt rules with one action, which writes to S3');
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

/** A mail as SES takes it from another server. */
export interface MailToSes {
  readonly raw: Buffer;
  /** Empty for a bounce. */
  readonly from: string;
  readonly to: readonly string[];
}

/**
 * Takes a mail as SES does: written to the bucket by each rule that knows a recipient, and told of after that. Undefined if
 * no rule does: SES would answer the other server with 550.
 */
export function receiveAsSes(
  { raw, from, to }: MailToSes,
  { receiptRules, subscriptions }: Deployment,
  { queues, buckets }: Pick<AwsServer, 'queues' | 'buckets'>,
): { readonly id: string; readonly objects: readonly { readonly bucket: string; readonly key: string }[] } | undefined {
  const id = randomBytes(20).toString('hex');
  const rules = receiptRules.flatMap((rule) => {
    const recipients = to.filter((address) => isFor(rule.recipients, address));
    return recipients.length > 0 ? [{ rule, recipients }] : [];
  });
  if (rules.length === 0) return undefined;
  for (const { rule, recipients } of rules) {
    buckets.putObject(rule.bucketName, rule.objectKeyPrefix + id, raw, 'application/octet-stream');
    const body = JSON.stringify(notification({ id, rule, recipients, from, to }));
    for (const { topicArn, queueArn } of subscriptions)
      if (topicArn === rule.topicArn) queues.getQueueByArn(queueArn)?.enqueue(SqsStore.createMessage(body));
  }
  return { id, objects: rules.map(({ rule }) => ({ bucket: rule.bucketName, key: rule.objectKeyPrefix + id })) };
}

/** A rule names addresses, domains, and with a dot in front all subdomains of one; none stands for all. */
function isFor(recipients: readonly string[], address: string): boolean {
  const given = address.toLowerCase();
  const domain = given.slice(given.lastIndexOf('@') + 1);
  // An address with a plus part matches the rule of the one without (docs.aws.amazon.com/ses, receiving-email-receipt-rules).
  const plain = given.replace(/\+[^@]*@/, '@');
  return (
    recipients.length === 0 ||
    recipients
      .map((one) => one.toLowerCase())
      .some((one) => [given, plain, domain].includes(one) || (one.startsWith('.') && domain.endsWith(one)))
  );
}

/** As in docs.aws.amazon.com/ses, receiving-email-notifications-contents (2026-11-25). */
function notification(mail: {
  readonly id: string;
  readonly rule: DeployedReceiptRule;
  readonly recipients: readonly string[];
  readonly from: string;
  readonly to: readonly string[];
}) {
  const { id, rule, recipients, from, to } = mail;
  const timestamp = new Date().toISOString();
  const passed = { status: 'PASS' };
  return {
    notificationType: 'Received',
    mail: { timestamp, source: from, messageId: id, destination: to, headersTruncated: false },
    receipt: {
      timestamp,
      processingTimeMillis: 1,
      recipients,
      spamVerdict: passed,
      virusVerdict: passed,
      spfVerdict: passed,
      dkimVerdict: passed,
      dmarcVerdict: passed,
      action: {
        type: 'S3',
        topicArn: rule.topicArn,
        bucketName: rule.bucketName,
        objectKeyPrefix: rule.objectKeyPrefix,
        objectKey: rule.objectKeyPrefix + id,
      },
    },
  };
}
