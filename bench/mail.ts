import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { dynamoTable, type Table } from '../lambda/platform/table.ts';
import { type Figure, median } from './figure.ts';
import { immediateTable } from './immediate-table.ts';
import { record } from './record.ts';
import { createWorker } from './worker.ts';

const BATCH = 10;
const BATCHES = 100;
const ROUNDS = 7;

/**
 * Measures the CPU time of a mail that the first provider accepts, without the code of the provider type, and the writes of this
 * mail to the state table. The CPU time is measured twice: with a table in memory, and with the DynamoDB SDK and a server in
 * another process.
 */
export async function measureMail(): Promise<Figure[]> {
  const server = fork(new URL('table-server.ts', import.meta.url));
  try {
    const [endpoint] = (await once(server, 'message')) as [string];
    const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
    const remote = dynamoTable('state', { endpoint, region: 'us-east-1', credentials });
    const inMemory = await straight(immediateTable());
    const withSdk = await straight(remote);
    return [
      { name: 'a mail that is accepted at once, CPU with a table in memory', value: milliseconds(inMemory.ms) },
      { name: 'the same, with the SDK of the table', value: milliseconds(withSdk.ms) },
      { name: 'its writes to the table', value: `${inMemory.writes}, ${inMemory.bytes} bytes in total` },
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
  await send(receipt(), () => 60_000);
  counting = false;
  const first = { writes, bytes };
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const records = Array.from({ length: BATCHES * BATCH }, receipt);
    const before = process.cpuUsage();
    for (let place = 0; place < records.length; place += BATCH)
      await Promise.all(records.slice(place, place + BATCH).map((one) => send(one, () => 60_000)));
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1_000 / records.length);
  }
  return { ms: median(times), ...first };
}

function senderOver(table: Table) {
  return createWorker({
    table,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    call: async () => ({ outcome: { kind: 'accepted', providerMessageId: randomUUID() } }),
    lookUp: async () => ({ kind: 'cannot-say', reason: 'not-askable' }),
    queue: { send: () => Promise.reject(new Error('no mail should wait')) },
  });
}

function receipt() {
  return record({ subject: 'A receipt', text: 'Your order is on its way. '.repeat(40) });
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}
