import { randomBytes } from 'node:crypto';
import type { Deployment } from '../template/deployed.ts';
import type { DeployedReceiptRule } from '../template/receiving.ts';
import { createMessage } from './fauxqs.ts';
import type { AwsServer } from './server.ts';

/** A mail that another mail server delivers to SES. */
export interface MailToSes {
  readonly raw: Buffer;
  /** Envelope sender; empty for a bounce message. */
  readonly from: string;
  readonly to: readonly string[];
}

/**
 * Receives a mail as SES does. Each receipt rule that matches a recipient writes the mail to its bucket and then notifies its
 * topic. Returns undefined if no rule matches; in this case SES would answer the other mail server with 550.
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
      if (topicArn === rule.topicArn) queues.getQueueByArn(queueArn)?.enqueue(createMessage(body));
  }
  return { id, objects: rules.map(({ rule }) => ({ bucket: rule.bucketName, key: rule.objectKeyPrefix + id })) };
}

/** Fields of a record of SES event publishing that determine the topics to which the record is published. */
interface PublishedRecord {
  readonly eventType: string;
  readonly mail: { readonly tags: Readonly<Record<string, readonly string[]>> };
}

/**
 * Publishes a record to the topics that the record's configuration set names for the event type of the record. All queues that
 * are subscribed to these topics get the record.
 */
export function publishAsSes(
  record: object,
  { eventDestinations, subscriptions }: Pick<Deployment, 'eventDestinations' | 'subscriptions'>,
  { queues }: Pick<AwsServer, 'queues'>,
): void {
  const { eventType, mail } = record as PublishedRecord;
  const set = mail.tags['ses:configuration-set']?.[0];
  const type = eventType.replaceAll(' ', '').toLowerCase();
  const topics = eventDestinations
    .filter(
      ({ configurationSet, types }) => configurationSet === set && types.some((one) => one.toLowerCase() === type),
    )
    .map(({ topicArn }) => topicArn);
  for (const { topicArn, queueArn } of subscriptions)
    if (topics.includes(topicArn)) queues.getQueueByArn(queueArn)?.enqueue(createMessage(JSON.stringify(record)));
}

/**
 * Whether a receipt rule matches an address. `recipients` is the list of the rule: it contains addresses, domains, and domains
 * with a leading dot, which stand for all subdomains. An empty list matches every address.
 */
function isFor(recipients: readonly string[], address: string): boolean {
  const given = address.toLowerCase();
  const domain = given.slice(given.lastIndexOf('@') + 1);
  // An address with a plus part (`name+part@…`) also matches a rule for the address without the plus part (docs.aws.amazon.com/ses,
  // receiving-email-receipt-rules).
  const plain = given.replace(/\+[^@]*@/, '@');
  return (
    recipients.length === 0 ||
    recipients
      .map((one) => one.toLowerCase())
      .some((one) => [given, plain, domain].includes(one) || (one.startsWith('.') && domain.endsWith(one)))
  );
}

/**
 * Returns the notification that SES publishes after a receipt rule has written a mail to a bucket (docs.aws.amazon.com/ses,
 * receiving-email-notifications-contents, 2026-11-25).
 */
export function notification(mail: {
  readonly id: string;
  readonly rule: Pick<DeployedReceiptRule, 'topicArn' | 'bucketName' | 'objectKeyPrefix'>;
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
