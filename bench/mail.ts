import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { SQSRecord } from 'aws-lambda';
import { createGate } from '../lambda/circuit/gate.ts';
import { systemClock } from '../lambda/platform/clock.ts';
import { queueProofs } from '../lambda/platform/proof.ts';
import { dynamoTable, type Table } from '../lambda/platform/table.ts';
import { definitions } from '../lambda/providers/registry.ts';
import { createSender } from '../lambda/sender/sender.ts';
import { type Figure, median } from './figure.ts';
import { memoryTable } from './memory-table.ts';
import { OUTAGE_PROVIDERS } from './outage-providers.ts';

const BATCH = 10;
const BATCHES = 100;
const ROUNDS = 7;

/**
 * CPU time of a mail that the first provider accepts, apart from the provider's own code, and its writes to the table:
 * with a table in memory, and through the SDK with a server in another process.
 */
export async function measureMail(): Promise<Figure[]> {
  const server = fork(new URL('table-server.ts', import.meta.url));
  try {
    const [endpoint] = (await once(server, 'message')) as [string];
    const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
    const remote = dynamoTable('state', { endpoint, region: 'us-east-1', credentials });
    const inMemory = await straight(memoryTable());
    const withSdk = await straight(remote);
    return [
      { name: 'a mail that is accepted at once, CPU with a table in memory', value: milliseconds(inMemory.ms) },
      { name: 'the same, with the SDK of the table', value: milliseconds(withSdk.ms) },
      { name: 'its writes to the table', value: `${inMemory.writes}, ${inMemory.bytes} bytes in all` },
    ];
  } finally {
    server.disconnect();
  }
}

interface Cost {
  readonly ms: number;
  readonly writes: number;
  readonly bytes: number;
}

async function straight(given: Table): Promise<Cost> {
  let writes = 0;
  let bytes = 0;
  let counting = false;
  const table: Table = {
    ...given,
    write: (item, expected) => {
      writes += 1;
      if (counting) bytes += JSON.stringify(item).length;
      return given.write(item, expected);
    },
  };
  const send = senderOver(table);
  counting = true;
  await send(record(), () => 60_000);
  counting = false;
  const first = { writes, bytes };
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const records = Array.from({ length: BATCHES * BATCH }, record);
    const before = process.cpuUsage();
    for (let place = 0; place < records.length; place += BATCH)
      await Promise.all(records.slice(place, place + BATCH).map((one) => send(one, () => 60_000)));
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1_000 / records.length);
  }
  return { ms: median(times), ...first };
}

function senderOver(table: Table) {
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const edges = { table, log: silent, clock: systemClock, random: Math.random };
  const metrics = { add: () => {} };
  const missing = () => Promise.reject(new Error('there are no objects here'));
  return createSender({
    environment: {
      providers: OUTAGE_PROVIDERS,
      outboundQueueArn: 'arn:aws:sqs:us-east-1:000000000000:outbound',
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
    call: async () => ({ outcome: { kind: 'accepted', providerMessageId: randomUUID() } }),
    lookUp: async () => ({ kind: 'cannot-say', reason: 'not-askable' }),
    queue: { send: () => Promise.reject(new Error('no mail should wait')) },
    objects: { read: missing, renew: async () => {} },
    proofs: queueProofs('proof-key', { read: async () => ({ key: 'bench' }) }, systemClock, metrics),
    metrics,
    gate: createGate({ providers: OUTAGE_PROVIDERS, workers: 50, ...edges }),
    ...edges,
  });
}

function record(): SQSRecord {
  const messageId = randomUUID();
  const now = String(Date.now());
  const body = {
    version: 1,
    id: `order-${messageId}`,
    from: 'bench@example.com',
    to: ['ada@example.org'],
    subject: 'A receipt',
    text: 'Your order is on its way. '.repeat(40),
  };
  return {
    messageId,
    receiptHandle: messageId,
    body: JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: now,
      SenderId: 'bench',
      ApproximateFirstReceiveTimestamp: now,
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:outbound',
    awsRegion: 'us-east-1',
  };
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}
