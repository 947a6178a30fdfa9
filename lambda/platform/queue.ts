import type { SQSClient } from '@aws-sdk/client-sqs';
import { defined } from './defined.ts';
import { patientSockets } from './sockets.ts';

/**
 * Sends messages to SQS queues. Throws if SQS did not confirm that it accepted a message: the caller must then keep its own copy
 * of the message, although SQS may have accepted the message.
 */
export interface Queue {
  /**
   * Sends a message. Values of `attributes` must not be empty. `delaySeconds` is at most {@link MAX_DELAY_SECONDS}. `group` is the
   * `MessageGroupId`: SQS ensures that a backlog of messages of one group does not delay messages of other groups.
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

/**
 * Creates a client of SQS. The AWS SDK is loaded here and not at the start of the process, since a mail that is accepted at its
 * first attempt does not need the SDK.
 */
export async function openSqs(maxAttempts: number, requestTimeout = 1_500): Promise<SQSClient> {
  const { SQSClient } = await import('@aws-sdk/client-sqs');
  const requestHandler = await patientSockets({ connectionTimeout: 1_000, requestTimeout });
  return new SQSClient({ maxAttempts, requestHandler });
}

const queueOf = (maxAttempts: number): Queue => {
  let client: Promise<SQSClient> | undefined;
  return {
    async send(queueUrl, body, attributes = {}, delaySeconds, group) {
      const { SendMessageCommand } = await import('@aws-sdk/client-sqs');
      client ??= openSqs(maxAttempts);
      await (await client).send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: body,
          ...defined({ DelaySeconds: delaySeconds || undefined, MessageGroupId: group || undefined }),
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
          ),
        }),
      );
    },
  };
};

/**
 * Queue with two attempts for each send. Both attempts end before the Lambda invocation ends. An attempt that ended later could leave the same
 * message on two queues.
 */
export const sqsQueue = queueOf(2);

/** Queue with a single attempt for each send: if the answer of SQS is lost, a second attempt could put the same message on the queue twice. */
export const sqsQueueOneTry = queueOf(1);

let deferring: Promise<SQSClient> | undefined;

/**
 * Sets the visibility time-out of a received message, in seconds from now. SQS allows at most twelve hours from the time at which
 * the message was received.
 */
export async function deferMessage(queueUrl: string, receiptHandle: string, seconds: number): Promise<void> {
  const { ChangeMessageVisibilityCommand } = await import('@aws-sdk/client-sqs');
  deferring ??= openSqs(2);
  await (await deferring).send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: seconds,
    }),
  );
}
