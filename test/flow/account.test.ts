import { randomUUID } from 'node:crypto';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { accountCommand } from '../../cli/account/command.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';

vi.setConfig({ testTimeout: 120_000 });

let open: OpenStack;
let sqs: SQSClient;

beforeAll(async () => {
  open = await openStack({ timeScale: 60 });
  sqs = new SQSClient({
    endpoint: open.stack.info.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
}, 60_000);

afterAll(async () => {
  sqs?.destroy();
  await open?.close();
});

/** Output and exit code of `npm run account -- --json`. */
async function account() {
  const lines: string[] = [];
  const terminal = { out: (line: string) => void lines.push(line), err: (text: string) => void lines.push(text) };
  const code = await accountCommand(['--json'], { MAILOVER_PORT: new URL(open.stack.url).port }, terminal);
  return { code, ...JSON.parse(lines.join('\n')) };
}

it('finds a waiting mail whose queue message was deleted by hand, and pages', async () => {
  const id = `gone-${randomUUID()}`;
  const { providers, queues } = open.stack.info;
  const mail = { version: 1, from: 'a@example.com', to: ['b@example.org'], subject: 'x', text: 'x' };
  await open.send([{ ...mail, id: 'arrives' }]);
  await expect.poll(account, { timeout: 30_000 }).toMatchObject({ code: 0, taken: 1, counts: { accepted: 1 } });
  for (const { key } of providers) await open.api('PUT', `/api/providers/${key}/fault`, { network: 'refuse' });
  await open.send([{ ...mail, id }]);
  await expect
    .poll(() => open.api('GET', `/api/submissions/${id}`), { timeout: 20_000 })
    .toMatchObject({ state: 'waiting', nextTryAt: expect.any(String) });
  expect(await account()).toMatchObject({ code: 0, taken: 2, counts: { accepted: 1, waiting: 1 } });

  for (const QueueUrl of Object.values(queues.retry)) await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  for (const { key } of providers) await open.api('DELETE', `/api/providers/${key}/fault`);
  // Two hours and more pass, and the daily account once.
  await open.api('PUT', '/api/time', { scale: 3_600 });

  await expect
    .poll(account, { timeout: 20_000, interval: 500 })
    .toMatchObject({ code: 1, taken: 2, counts: { accepted: 1, lost: 1 }, lost: [{ id }] });
  await expect.poll(open.raised, { timeout: 60_000, interval: 1_000 }).toContain('Mailover/Lost');
});
