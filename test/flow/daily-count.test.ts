import { randomUUID } from 'node:crypto';
import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { accountCommand } from '../../cli/account/command.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';
import { recordedTerminal } from '../support/recorded-terminal.ts';

vi.setConfig({ testTimeout: 120_000 });

let open: OpenStack;

beforeAll(async () => {
  open = await openStack({ timeScale: 60 });
}, 60_000);

afterAll(async () => {
  await open?.close();
});

/** Runs `npm run account -- --json`; returns its output and exit code. */
async function count() {
  const { both, terminal } = recordedTerminal();
  const code = await accountCommand(['--json'], { MAILOVER_PORT: new URL(open.stack.url).port }, terminal);
  return { code, ...JSON.parse(both.join('\n')) };
}

it('finds a waiting mail whose queue message was deleted by hand, and raises the alarm Lost', async () => {
  const id = `gone-${randomUUID()}`;
  const { providers, queues } = open.stack.info;
  const mail = { version: 1, from: 'a@example.com', to: ['b@example.org'], subject: 'x', text: 'x' };
  await open.send([{ ...mail, id: 'arrives' }]);
  await expect.poll(count, { timeout: 30_000 }).toMatchObject({ code: 0, taken: 1, counts: { accepted: 1 } });
  for (const { key } of providers) await open.api('PUT', `/api/providers/${key}/fault`, { network: 'refuse' });
  await open.send([{ ...mail, id }]);
  await expect
    .poll(() => open.api('GET', `/api/submissions/${id}`), { timeout: 20_000 })
    .toMatchObject({ state: 'waiting', nextTryAt: expect.any(String) });
  expect(await count()).toMatchObject({ code: 0, taken: 2, counts: { accepted: 1, waiting: 1 } });

  for (const QueueUrl of Object.values(queues.retry)) await open.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  for (const { key } of providers) await open.api('DELETE', `/api/providers/${key}/fault`);
  // Time in the local stack runs faster from here on: more than two hours pass in it, and the daily count of submissions runs
  // once.
  await open.api('PUT', '/api/time', { scale: 3_600 });

  await expect
    .poll(count, { timeout: 20_000, interval: 500 })
    .toMatchObject({ code: 1, taken: 2, counts: { accepted: 1, lost: 1 }, lost: [{ id }] });
  await expect.poll(open.raised, { timeout: 60_000, interval: 1_000 }).toContain('Mailover/Lost');
});
