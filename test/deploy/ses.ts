import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { notification } from '../../local/aws/ses-rules.ts';
import { ACCOUNT, REGION, type TestAccount } from './account.ts';
import type { Inventory } from './inventory.ts';

/**
 * Does what SES does with a received mail by its receipt rule: writes the mail to the S3 bucket, and publishes the notification
 * to the SNS topic.
 */
export async function receiveAtSes(account: TestAccount, deployed: Inventory, to: string, raw: string): Promise<void> {
  const id = randomBytes(20).toString('hex');
  const topicArn = topic(deployed, 'MailoverInboundSesTopic');
  const rule = { topicArn, bucketName: deployed.outputs['MailBucketName'] ?? '', objectKeyPrefix: 'inbound/ses/' };
  await account.run('printf %s "$RAW" | aws s3 cp - "s3://$BUCKET/$KEY"', {
    RAW: raw,
    BUCKET: rule.bucketName,
    KEY: `${rule.objectKeyPrefix}${id}`,
  });
  await publish(account, topicArn, notification({ id, rule, recipients: [to], from: 'a@example.org', to: [to] }));
}

/** Publishes a delivery event to the SNS topic of the configuration set, as SES does. */
export async function reportAsSes(account: TestAccount, deployed: Inventory, event: object): Promise<void> {
  await publish(account, topic(deployed, 'MailoverEventssesTopic'), event);
}

async function publish(account: TestAccount, arn: string, message: object): Promise<void> {
  await account.run('aws sns publish --topic-arn "$ARN" --message "$MESSAGE"', {
    ARN: arn,
    MESSAGE: JSON.stringify(message),
  });
}

function topic({ resources }: Inventory, logicalId: string): string {
  const found = Object.entries(resources).find(
    ([name, { type }]) => name.startsWith(logicalId) && type === 'AWS::SNS::Topic',
  );
  if (found === undefined) throw new Error(`the stack in ${ACCOUNT}, ${REGION} has no topic ${logicalId}`);
  return found[1].id;
}

/** Returns the delivery events of a provider type that the documentation of the vendor shows, each with the expected event of Mailover. */
export async function documentedEvents(
  type: string,
): Promise<readonly { readonly body: object; readonly expect: { readonly type?: string } }[]> {
  const { default: list } = await import(join(import.meta.dirname, `../lambda/providers/events/${type}.json`), {
    with: { type: 'json' },
  });
  return list;
}
