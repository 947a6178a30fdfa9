import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { createGate } from '../lambda/circuit/gate.ts';
import { systemClock } from '../lambda/platform/clock.ts';
import { queueProofs } from '../lambda/platform/proof.ts';
import { definitions } from '../lambda/providers/registry.ts';
import { createSender, type MessageProcessor } from '../lambda/sender/sender.ts';
import type { SenderContext } from '../lambda/sender/work.ts';
import { OUTAGE_PROVIDERS } from './outage-providers.ts';

const OUTBOUND = 'arn:aws:sqs:us-east-1:000000000000:outbound';

/** A bucket without objects. */
export const NO_OBJECTS = {
  read: () => Promise.reject(new Error('there are no objects here')),
};

/** A new worker of the product, with the providers of the outage. */
export function createWorker(
  edges: Pick<SenderContext, 'table' | 'log' | 'call' | 'lookUp' | 'queue'>,
): MessageProcessor {
  const metrics = { add: () => {} };
  const all = { ...edges, clock: systemClock, random: Math.random };
  return createSender({
    environment: {
      providers: OUTAGE_PROVIDERS,
      outboundQueueArn: OUTBOUND,
      proofSecret: 'proof-key',
      deadLetterQueueUrl: 'dead',
      eventsQueueUrl: 'events',
      retryQueueUrls: { first: 'retry', second: 'retry' },
      mailBucket: 'bench',
      stateTable: 'state',
      maxReceiveCount: 20,
      workers: 50,
    },
    definitions,
    objects: { ...NO_OBJECTS, renew: async () => {} },
    proofs: queueProofs('proof-key', { read: async () => ({ key: 'bench' }) }, systemClock, metrics),
    metrics,
    gate: createGate({ providers: OUTAGE_PROVIDERS, workers: 50, ...all }),
    ...all,
  });
}

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
