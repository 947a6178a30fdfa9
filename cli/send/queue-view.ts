import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

// This visibility time-out is long enough to read up to 500 messages, and short enough that other consumers get the messages soon.
const SWEEP_VISIBILITY_SECONDS = 5;
const SWEEP_LIMIT = 50;

/** Reads at most 500 messages of a queue, and leaves them on the queue: no message is deleted or stays invisible. */
export async function peek(sqs: SQSClient, queueUrl: string): Promise<Message[]> {
  const first = await receive(sqs, queueUrl, 0);
  // With a visibility time-out of 0, each call may return the same ten messages. Therefore a queue with ten or more messages is
  // read with a longer visibility time-out, and its messages are made visible again afterwards.
  if (first.length < 10) return first;
  const seen: Message[] = [];
  for (let round = 0; round < SWEEP_LIMIT; round += 1) {
    const batch = await receive(sqs, queueUrl, SWEEP_VISIBILITY_SECONDS);
    if (batch.length === 0) break;
    seen.push(...batch);
  }
  for (let start = 0; start < seen.length; start += 10) {
    const Entries = seen.slice(start, start + 10).map((message, index) => ({
      Id: String(index),
      ReceiptHandle: message.ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
  return seen;
}

/** Returns the number of messages on a queue (waiting, delayed and in flight), as SQS estimates it. */
export async function depth(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesDelayed',
        'ApproximateNumberOfMessagesNotVisible',
      ],
    }),
  );
  return Object.values(Attributes ?? {}).reduce((sum, value) => sum + Number(value), 0);
}

async function receive(sqs: SQSClient, queueUrl: string, visibilitySeconds: number): Promise<Message[]> {
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: visibilitySeconds,
      WaitTimeSeconds: 0,
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages ?? [];
}
