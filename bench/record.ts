import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';

/** ARN of the outbound queue. */
export const OUTBOUND = 'arn:aws:sqs:us-east-1:000000000000:outbound';
const RETRIES = 'arn:aws:sqs:us-east-1:000000000000:retries';

/** Returns a message of the outbound queue whose submission has these fields. */
export function record(fields: Readonly<Record<string, unknown>>): SQSRecord {
  const messageId = randomUUID();
  const submission = { version: 1, id: messageId, from: 'bench@example.com', to: ['ada@example.org'], ...fields };
  return received(JSON.stringify(submission), messageId, OUTBOUND);
}

/** Returns a message of a retry queue, in the form in which the sender writes it. */
export function retried(body: string, attributes: Readonly<Record<string, string>>): SQSRecord {
  const messageAttributes = Object.entries(attributes).map(([name, stringValue]) => [
    name,
    { dataType: 'String' as const, stringValue },
  ]);
  return { ...received(body, randomUUID(), RETRIES), messageAttributes: Object.fromEntries(messageAttributes) };
}

function received(body: string, messageId: string, eventSourceARN: string): SQSRecord {
  const now = String(Date.now());
  return {
    messageId,
    receiptHandle: messageId,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: now,
      SenderId: 'bench',
      ApproximateFirstReceiveTimestamp: now,
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: 'us-east-1',
  };
}
