import { setTimeout as wait } from 'node:timers/promises';
import type { SQSRecord } from 'aws-lambda';
import { afterAll, describe, expect, it } from 'vitest';
import { createGate } from '../../../lambda/circuit/gate.ts';
import { RETRY_ATTRIBUTE } from '../../../lambda/contract/dead-letter.ts';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { systemClock } from '../../../lambda/platform/clock.ts';
import { queueProofs } from '../../../lambda/platform/proof.ts';
import { providerPool } from '../../../lambda/providers/pool.ts';
import { definitions, loadProvider } from '../../../lambda/providers/registry.ts';
import { sendBatch } from '../../../lambda/sender/batch.ts';
import { providerCaller, providerLookUp } from '../../../lambda/sender/call.ts';
import { createSender } from '../../../lambda/sender/sender.ts';
import { SECRETS, simulators } from '../../local/simulators/simulators.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const providers: readonly ProviderConfig[] = [
  { key: 'pm', type: 'postmark', options: {} },
  { key: 'mg', type: 'mailgun', options: { domain: 'mg.example.com' } },
];
/** At this time scale the sender asks a provider two seconds after a lost answer whether it has the mail (the look-up). */
const FASTER = 30;
const BATCH = 10;
/** Half of an attempt's deadline. One second would be enough on an idle machine; a busy machine may need longer. */
const SOON_MS = 5_000;

const running = await simulators(FASTER);
afterAll(() => running.close());

/** Creates a worker with the real code and real sockets. Only the queues and the table of the worker are in memory. */
function givenWorker() {
  running.clear();
  const kept: SQSRecord[] = [];
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const metrics = { add: () => undefined };
  const secrets = { read: async (name: string) => SECRETS[name.replace('mailover/', '') as 'pm'] };
  const surroundings = { name: 'mailover', log: quiet, metrics };
  const pool = providerPool({ definitions, loadProvider }, secrets, running.endpoints, surroundings);
  const edges = { table: memoryTable(), log: quiet, clock: systemClock, random: Math.random };
  const send = createSender({
    environment: {
      providers,
      outboundQueueArn: 'arn:aws:sqs:us-east-1:000000000000:outbound',
      proofSecret: 'proof-key',
      deadLetterQueueUrl: 'dead',
      eventsQueueUrl: 'events',
      retryQueueUrls: { pm: 'retry', mg: 'retry' },
      mailBucket: 'mail',
      stateTable: 'state',
      maxReceiveCount: 20,
      workers: 50,
      timeScale: FASTER,
    },
    definitions,
    call: providerCaller(pool),
    lookUp: providerLookUp(pool),
    gate: createGate({ providers, workers: 50, timeScale: 2, ...edges }),
    queue: {
      send: async (queue, body, attributes = {}) => {
        kept.push(sqsRecord(body, { attributes, queue }));
      },
    },
    proofs: queueProofs('proof-key', { read: async () => ({ key: 'of-today' }) }, systemClock, metrics),
    objects: { read: async () => 'missing', renew: async () => {} },
    metrics,
    ...edges,
  });
  /** Processes a batch as Lambda does; returns how long it took, in milliseconds. */
  const process = async (records: readonly SQSRecord[]): Promise<number> => {
    const begun = performance.now();
    const { batchItemFailures } = await sendBatch(records, () => 60_000 - (performance.now() - begun), {
      send,
      ...edges,
    });
    expect(batchItemFailures).toEqual([]);
    return performance.now() - begun;
  };
  return { kept, process };
}

let count = 0;
function mails(number: number, fields: object = {}): SQSRecord[] {
  return Array.from({ length: number }, () => {
    count += 1;
    const id = `order-${count}`;
    return sqsRecord({
      version: 1,
      id,
      from: 'a@example.com',
      to: ['b@example.org'],
      subject: 'hi',
      text: 'hello',
      ...fields,
    });
  });
}

/** Returns, for each accepted mail, how many times providers have accepted this mail. */
async function acceptances(): Promise<number[]> {
  const all = await running.accepted.list({ raw: false });
  return Array.from(Map.groupBy(all, ({ submissionId }) => submissionId).values(), ({ length }) => length);
}

describe('a provider that begins to hang, after it has accepted mail quickly', { timeout: 60_000 }, () => {
  it('delays mail in flight by about a second and later mail only a little, and no mail is sent twice', async () => {
    await running.fault('pm', []);
    const { kept, process } = givenWorker();
    for (let batch = 0; batch < 6; batch += 1) await process(mails(BATCH));

    // The provider still accepts the mail, so that a second sending would be noticed.
    await running.fault('pm', { network: 'hang-after-accept', on: 'send' });
    const inFlight = await process(mails(BATCH));
    const later: number[] = [];
    for (const end = performance.now() + 4_000; performance.now() < end; await wait(50))
      later.push(await process(mails(2)));
    const probes = kept.length - BATCH;
    await wait(
      Math.max(
        ...kept.map(({ messageAttributes }) =>
          Date.parse(messageAttributes[RETRY_ATTRIBUTE.notBefore]?.stringValue ?? ''),
        ),
      ) - Date.now(),
    );
    await process(kept.splice(0));

    const all = await acceptances();
    expect(inFlight).toBeGreaterThan(900);
    expect(inFlight).toBeLessThan(SOON_MS);
    expect(Math.max(...later)).toBeLessThan(SOON_MS);
    expect(probes).toBeLessThanOrEqual(3);
    expect(kept).toEqual([]);
    expect(all).toEqual(Array.from({ length: 7 * BATCH + 2 * later.length }, () => 1));
  });

  it('has the whole deadline to answer for mail that must not be sent twice', async () => {
    await running.fault('pm', []);
    const { process } = givenWorker();
    for (let batch = 0; batch < 3; batch += 1) await process(mails(BATCH));

    await running.fault('pm', { delayMs: 2_000, on: 'send' });
    await process(mails(2, { onUnknown: 'hold' }));

    const counts = running.accepted.counts();
    expect(counts).toEqual({ pm: 3 * BATCH + 2 });
  });
});

it('a provider that has always been slow keeps its mail, even if it becomes three times as slow', {
  timeout: 60_000,
}, async () => {
  await running.fault('pm', { delayMs: 800, on: 'send' });
  const { kept, process } = givenWorker();
  for (let batch = 0; batch < 3; batch += 1) await process(mails(BATCH));

  await running.fault('pm', { delayMs: 2_200, on: 'send' });
  await process(mails(BATCH));

  expect(kept).toEqual([]);
  expect(running.accepted.counts()).toEqual({ pm: 4 * BATCH });
});
