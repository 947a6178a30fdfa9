import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { faultMenu } from '../../local/faults/fault-menu.ts';
import { type Stack, startStack } from '../../local/stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 });

let stack: Stack;
let sqs: SQSClient;

beforeAll(async () => {
  stack = await startStack({ port: 0, timeScale: 60 });
  sqs = new SQSClient({
    endpoint: stack.info.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
});

afterAll(async () => {
  sqs?.destroy();
  await stack?.close();
});

// The sender classifies the fault as its name says, for every provider type.
it.each([
  ['suspended', /^unavailable account/],
  ['refused', /^refused message/],
  ['throttled', /^throttled/],
  ['failed', /^unavailable outage/],
  ['closed', /^unavailable outage/],
  ['lost', /^unknown/],
  ['hanging', /^unknown/],
])('%s', async (id, meaning) => {
  const { providers } = stack.info;
  await Promise.all(
    providers.map(({ key, type }) =>
      api('PUT', `/api/providers/${key}/fault`, faultMenu(type).find((named) => named.id === id)?.faults),
    ),
  );
  await api('DELETE', '/api/circuits');

  for (const { key } of providers) await send(`${id}-${key}`, key);

  for (const { key } of providers)
    await expect.poll(() => firstOutcome(`${id}-${key}`), { timeout: 60_000, interval: 200 }).toMatch(meaning);
  await Promise.all(providers.map(({ key }) => api('DELETE', `/api/providers/${key}/fault`)));
});

async function firstOutcome(id: string): Promise<string> {
  const { attempts = [] } = (await api('GET', `/api/submissions/${id}`)) as {
    attempts?: { outcome?: string; blames?: string; reason?: string }[];
  };
  const { outcome = 'none yet', blames = '', reason = '' } = attempts[0] ?? {};
  return `${outcome} ${blames} ${reason}`.replaceAll('  ', ' ');
}

async function api(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${stack.url}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

async function send(id: string, key: string): Promise<void> {
  const body = {
    version: 1,
    id,
    from: 'shop@example.com',
    to: ['ada@example.org'],
    subject: 'hi',
    text: 'Hello',
    onUnknown: 'hold',
    providers: { only: [key] },
  };
  await sqs.send(new SendMessageCommand({ QueueUrl: stack.info.queues.outbound, MessageBody: JSON.stringify(body) }));
}
