import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';

/** ARN of the outbound queue. */
export const OUTBOUND = 'arn:aws:sqs:us-east-1:000000000000:outbound';

/** A message of the outbound queue with these fields of a submission. */
export function record(fields: Readonly<Record<string, unknown>>): SQSRecord {
  const messageId = randomUUID();
  const now = String(Date.now());
  const submission = { version: 1, id: messageId, from: 'bench@example.com', to: ['ada@example.org'], ...fields };
  return {
    messageId,
    receiptHandle: messageId,
    body: JSON.stringify(submission),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: now,
      SenderId: 'bench',
      ApproximateFirstReceiveTimestamp: now,
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: OUTBOUND,
    awsRegion: 'us-east-1',
  };
}
