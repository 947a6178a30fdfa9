import type { SQSClient } from '@aws-sdk/client-sqs';
import { patientSockets } from './sockets.ts';

/** Reads what queues there are, and how full. */
export interface QueueList {
  /** URLs of the queues whose names begin so. */
  named(prefix: string): Promise<readonly string[]>;
  /** Messages on a queue: waiting, delayed and being processed. */
  messages(queueUrl: string): Promise<number>;
}

/** The queues of the account and region. */
export function sqsQueueList(): QueueList {
  let client: Promise<SQSClient> | undefined;
  const load = async () => {
    const sdk = await import('@aws-sdk/client-sqs');
    client ??= patientSockets({ connectionTimeout: 1_000, requestTimeout: 3_000 }).then(
      (requestHandler) => new sdk.SQSClient({ maxAttempts: 2, requestHandler }),
    );
    return { sdk, sqs: await client };
  };
  return {
    async named(prefix) {
      const { sdk, sqs } = await load();
      const urls: string[] = [];
      for (let from: string | undefined, more = true; more; more = from !== undefined) {
        const { QueueUrls = [], NextToken } = await sqs.send(
          new sdk.ListQueuesCommand({ QueueNamePrefix: prefix, MaxResults: 1_000, ...(from && { NextToken: from }) }),
        );
        urls.push(...QueueUrls);
        from = NextToken;
      }
      return urls;
    },
    async messages(QueueUrl) {
      const { sdk, sqs } = await load();
      const AttributeNames = [
        'ApproximateNumberOfMessages' as const,
        'ApproximateNumberOfMessagesDelayed' as const,
        'ApproximateNumberOfMessagesNotVisible' as const,
      ];
      const { Attributes = {} } = await sqs.send(new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
      return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
    },
  };
}
