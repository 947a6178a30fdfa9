import type { SQSClient } from '@aws-sdk/client-sqs';
import { patientSockets } from './sockets.ts';

/** Puts messages on queues. Throws when the queue does not take one: the caller then keeps its own copy where it was. */
export interface Queue {
  /**
   * `attributes` are strings, never empty; `delaySeconds` is at most 900, as SQS allows. `group` is the `MessageGroupId`: SQS
   * does not let one group's backlog hold up the others.
   */
  send(
    queueUrl: string,
    body: string,
    attributes?: Readonly<Record<string, string>>,
    delaySeconds?: number,
    group?: string,
  ): Promise<void>;
}

/** The largest delay that SQS takes on one message, in seconds. */
export const MAX_DELAY_SECONDS = 900;

/** Amazon SQS. The SDK is loaded at the first use, since a mail that goes the straight way never needs it. */
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

/** Both tries end before the invocation must be answered: one that ended later would give a message two homes. */
export const sqsQueue = queueOf(2);

/** Never tries again by itself, so that a lost answer makes no second message. */
export const sqsQueueOneTry = queueOf(1);
