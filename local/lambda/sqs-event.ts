import type { SQSMessageAttributes, SQSRecord } from 'aws-lambda';
import { defined } from '../../lambda/platform/defined.ts';
import type { ReceivedMessage, SqsMessage } from '../aws/fauxqs.ts';
import { LocalQueue } from '../aws/queue.ts';
import { sentWith } from '../aws/sent-fields.ts';
import { ACCOUNT, REGION } from '../template/names.ts';

/** Returns a received message as a record of the event with which Lambda invokes a function for a batch. */
export function sqsRecord(received: ReceivedMessage, message: SqsMessage, queueArn: string): SQSRecord {
  const origin = LocalQueue.originOf(message);
  const { traceHeader } = sentWith(message);
  return {
    messageId: received.MessageId,
    receiptHandle: received.ReceiptHandle,
    body: received.Body,
    attributes: {
      ApproximateReceiveCount: String(message.approximateReceiveCount),
      SentTimestamp: String(message.sentTimestamp),
      SenderId: ACCOUNT,
      ApproximateFirstReceiveTimestamp: String(message.approximateFirstReceiveTimestamp ?? Date.now()),
      ...defined({
        SequenceNumber: message.sequenceNumber || undefined,
        MessageGroupId: message.messageGroupId || undefined,
        MessageDeduplicationId: message.messageDeduplicationId || undefined,
        DeadLetterQueueSourceArn: origin || undefined,
        AWSTraceHeader: traceHeader || undefined,
      }),
    },
    messageAttributes: messageAttributes(message),
    md5OfBody: received.MD5OfBody,
    ...defined({ md5OfMessageAttributes: received.MD5OfMessageAttributes || undefined }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}

function messageAttributes(message: SqsMessage): SQSMessageAttributes {
  return Object.fromEntries(
    Object.entries(message.messageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        ...defined({ stringValue: StringValue, binaryValue: BinaryValue }),
        stringListValues: [],
        binaryListValues: [],
        dataType: DataType as 'String',
      },
    ]),
  );
}

/**
 * Returns the ids of the messages that stay on the queue after an invocation, according to the result of the function (Lambda
 * developer guide, "Implementing partial batch responses", collected 2026-11-23). If the result contains no failures, no message
 * stays on the queue. If the result is invalid, all messages stay.
 */
export function failedMessages(answer: unknown, batch: readonly { readonly messageId: string }[]): ReadonlySet<string> {
  const ids = new Set(batch.map(({ messageId }) => messageId));
  if (answer === undefined || answer === null || answer === '') return new Set();
  if (typeof answer !== 'object') return ids;
  const failures = 'batchItemFailures' in answer ? answer.batchItemFailures : undefined;
  if (failures === undefined || failures === null) return new Set();
  if (!Array.isArray(failures)) return ids;
  const failed = failures.map((failure: unknown) =>
    typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure ? failure.itemIdentifier : undefined,
  );
  return failed.every((id) => typeof id === 'string' && ids.has(id)) ? new Set(failed as string[]) : ids;
}
