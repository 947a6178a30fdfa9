import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type OpenStack, openStack } from '../support/open-stack.ts';

vi.setConfig({ testTimeout: 600_000 });

/** Events, and how many a second are offered; `npm run test:events-full` offers 1,000 a second for 20 seconds. */
const EVENTS = Number(process.env['MAILOVER_EVENTS'] ?? 200);
const RATE = Number(process.env['MAILOVER_EVENTS_RATE'] ?? 100);
/** Pause before the provider repeats a post, in milliseconds; those of Mailgun are minutes. */
const REPEAT_MS = 500;

let open: OpenStack;
let sqs: SQSClient;

beforeAll(async () => {
  open = await openStack({});
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  sqs = new SQSClient({ endpoint: open.stack.info.endpoints.aws, region: 'us-east-1', credentials });
}, 120_000);

afterAll(async () => {
  sqs?.destroy();
  await open?.close();
});

/** A post as Mailgun signs it. */
function signed(key: string, id: string): string {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const token = randomBytes(25).toString('hex');
  const signature = createHmac('sha256', key).update(timestamp).update(token).digest('hex');
  const handle = createHash('sha256').update(id).digest('base64url');
  return JSON.stringify({
    signature: { timestamp, token, signature },
    'event-data': {
      event: 'delivered',
      id,
      timestamp: Date.now() / 1000,
      recipient: 'ada@example.org',
      'user-variables': { 'mailover-id': handle, 'mailover-submission': id, 'mailover-attempt': '1' },
      message: { headers: { 'message-id': `${id}@example.com` } },
    },
  });
}

it(`loses none of ${EVENTS} events at ${RATE} a second, and still sends mail`, async () => {
  const { endpoints, webhooks, queues } = open.stack.info;
  const { path = '', signingKey = '' } = webhooks['mailgun'] ?? {};
  const url = `${endpoints.http}${path}`;
  const ids = Array.from({ length: EVENTS }, () => randomUUID());
  const tookMs: number[] = [];
  let refused = 0;
  const post = async (id: string): Promise<void> => {
    for (;;) {
      const begun = performance.now();
      const headers = { 'content-type': 'application/json' };
      const status = await fetch(url, { method: 'POST', headers, body: signed(signingKey, id) }).then(
        (response) => response.status,
        () => 0,
      );
      tookMs.push(performance.now() - begun);
      if (status === 200) return;
      refused += 1;
      await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
    }
  };
  const begun = performance.now();
  const posts = ids.map(async (id, place) => {
    await new Promise((resolve) => setTimeout(resolve, (place / RATE) * 1_000));
    await post(id);
  });
  const mail = { version: 1, id: 'meanwhile', from: 'a@example.com', to: ['b@example.org'], subject: 'x', text: 'x' };
  await open.send([mail]);
  await expect
    .poll(() => open.api('GET', '/api/submissions/meanwhile'), { timeout: 60_000 })
    .toMatchObject({ state: 'accepted' });
  const mailMs = performance.now() - begun;
  await Promise.all(posts);
  const seconds = (performance.now() - begun) / 1_000;

  const arrived = new Set<string>();
  // The mail that is sent meanwhile has events too.
  while (ids.some((id) => !arrived.has(id))) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queues.events, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 }),
    );
    if (Messages.length === 0) break;
    for (const { Body = '' } of Messages) arrived.add((JSON.parse(Body) as { submissionId: string }).submissionId);
    const Entries = Messages.map(({ ReceiptHandle }, place) => ({ Id: String(place), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queues.events, Entries }));
  }
  const at = (share: number) => Math.round(tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length * share)] ?? 0);
  console.log(
    `${EVENTS} events in ${seconds.toFixed(1)} s (${Math.round(EVENTS / seconds)} a second), ${refused} posts repeated; ` +
      `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; a mail was accepted after ${Math.round(mailMs)} ms`,
  );
  expect(ids.filter((id) => !arrived.has(id))).toEqual([]);
});
