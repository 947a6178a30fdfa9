import type { SQSClient } from '@aws-sdk/client-sqs';
import { patientSockets } from './sockets.ts';

/** Sends messages to queues. Throws when a message was not accepted: the caller then keeps its own copy. */
export interface Queue {
  /**
   * `attributes` are strings, never empty; `delaySeconds` is at most 900, the limit of SQS. `group` is the
   * `MessageGroupId`: SQS does not let the backlog of one group delay the others.
   */
  send(
    queueUrl: string,
    body: string,
    attributes?: Readonly<Record<string, string>>,
    delaySeconds?: number,
    group?: string,
  ): Promise<void>;
}

/** The largest delay that SQS accepts for a message, in seconds. */
export const MAX_DELAY_SECONDS = 900;

/** Amazon SQS. The SDK is loaded at the first use, since a message that is sent at the first attempt never needs it. */
const queueOf = (maxAttempts: number): Queue => {
  let client: Promise<SQSClient> | undefined;
  return {
    async send(queueUrl, body, attributes = {}, delaySeconds, group) {
      const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs');
      client ??= patientSockets({ connectionTimeout: 1_000, requestTimeout: 1_500 }).then(
        (requestHandler) => new SQSClient({ maxAttempts, requestHandler }),
      );
      await (await client).send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: body,
          ...(delaySeconds ? { DelaySeconds: delaySeconds } : {}),
          ...(group ? { MessageGroupId: group } : {}),
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
          ),
        }),
      );
    },
  };
};

/** Both tries end before the invocation must be answered: a later end could leave copies of a message on two queues. */
export const sqsQueue = queueOf(2);

/** Never retries by itself, so that a lost answer creates no second message. */
export const sqsQueueOneTry = queueOf(1);

let deferring: Promise<SQSClient> | undefined;

/** Hides a received message of a queue for some seconds, at most twelve hours in all. */
export async function deferMessage(queueUrl: string, receiptHandle: string, seconds: number): Promise<void> {
  const { SQSClient, ChangeMessageVisibilityCommand } = await import('@aws-sdk/client-sqs');
  deferring ??= patientSockets({ connectionTimeout: 1_000, requestTimeout: 1_500 }).then(
    (requestHandler) => new SQSClient({ maxAttempts: 2, requestHandler }),
  );
  await (await deferring).send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: seconds,
    }),
  );
}
