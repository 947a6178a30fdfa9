import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';

/** Makes a record of the event with which Lambda delivers SQS messages. `attributes` are the message attributes. */
export function sqsRecord(
  body: unknown,
  {
    attributes = {},
    receiveCount = 1,
    sentAt = Date.now(),
    messageId = randomUUID(),
    queue = 'outbound',
  }: {
    attributes?: Record<string, string>;
    receiveCount?: number;
    sentAt?: number;
    messageId?: string;
    queue?: string;
  } = {},
): SQSRecord {
  return {
    messageId,
    receiptHandle: 'handle',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: String(sentAt),
      SenderId: 'test',
      ApproximateFirstReceiveTimestamp: String(sentAt),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, stringValue]) => [name, { dataType: 'String', stringValue }]),
    ),
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
    awsRegion: 'us-east-1',
  };
}
