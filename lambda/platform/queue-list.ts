import type { SQSClient } from '@aws-sdk/client-sqs';
import { openSqs } from './queue.ts';

/** Reads the URLs of SQS queues, and the number of messages on a queue. */
export interface QueueList {
  /** Returns the URLs of the queues whose names begin with `prefix`. */
  named(prefix: string): Promise<readonly string[]>;
  /** Returns the approximate number of messages on a queue: messages that wait, are delayed, or are being processed. */
  messages(queueUrl: string): Promise<number>;
}

/** Creates an object whose methods read from the SQS queues of this AWS account and region. */
export function sqsQueueList(): QueueList {
  let client: Promise<SQSClient> | undefined;
  const load = async () => {
    const sdk = await import('@aws-sdk/client-sqs');
    client ??= openSqs(2, 3_000);
    return { sdk, sqs: await client };
  };
  return {
    async named(prefix) {
      const { sdk, sqs } = await load();
      const urls: string[] = [];
      for (let from: string | undefined, more = true; more; more = from !== undefined) {
        const { QueueUrls = [], NextToken } = await sqs.send(
          new sdk.ListQueuesCommand({ QueueNamePrefix: prefix, MaxResults: 1_000, NextToken: from || undefined }),
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
