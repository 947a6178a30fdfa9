import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenStack, openStack } from '../support/open-stack.ts';

const PATIENCE = { timeout: 20_000, interval: 100 };

let stack: OpenStack;

beforeAll(async () => {
  stack = await openStack({ timeScale: 1 });
});
afterAll(async () => {
  await stack?.close();
});

const providers = ['postmark', 'mailgun', 'ses'];
const get = <T>(path: string) => stack.api('GET', path) as Promise<T>;

it('DELETE /api/state returns a stack to its initial state, and ids can be used again', async () => {
  await stack.send([mail('first')]);
  await expect.poll(() => get('/api/accepted?id=first'), PATIENCE).toHaveLength(1);
  for (const key of providers) await stack.api('PUT', `/api/providers/${key}/fault`, { respond: { status: 500 } });
  await stack.api('PUT', '/api/aws/fault', { service: 's3', error: 'ServiceUnavailable' });
  await stack.send([...Array.from({ length: 20 }, (_, place) => mail(`waits-${place}`)), mail('bad', ['nonsense'])]);
  await expect.poll(() => stack.depth(/-retry-/), PATIENCE).toBe(20);
  await expect.poll(() => stack.depth(/-dead-letter$/), PATIENCE).toBe(1);

  await stack.api('DELETE', '/api/state');

  expect(await stack.depth(/./)).toBe(0);
  expect(await get('/api/accepted')).toEqual([]);
  expect(await get('/api/submissions')).toEqual([]);
  for (const key of providers) expect(await get(`/api/providers/${key}/fault`)).toEqual([]);
  expect(await get('/api/aws/fault')).toEqual([]);
  for (const circuit of await get<object[]>('/api/circuits')) expect(circuit).toMatchObject({ state: 'closed' });
  const metrics = await get<{ name: string }[]>('/api/metrics');
  expect(metrics.filter(({ name }) => name === 'Attempts')).toEqual([]);

  await stack.send([mail('first')]);
  await expect.poll(() => get('/api/accepted?id=first'), PATIENCE).toMatchObject([{ provider: 'postmark' }]);
});

it('DELETE /api/state ends mail at a provider that hangs, and this mail is not retried', async () => {
  await stack.api('PUT', '/api/providers/postmark/fault', { network: 'hang' });
  await stack.send([mail('hangs')]);
  await expect.poll(() => get('/api/submissions/hangs'), PATIENCE).toMatchObject({ state: 'in-flight' });

  const start = performance.now();
  await stack.api('DELETE', '/api/state');

  expect(performance.now() - start).toBeLessThan(8_000);
  expect(await stack.depth(/./)).toBe(0);
  await stack.send([mail('after')]);
  await expect.poll(() => get('/api/accepted?id=after'), PATIENCE).toMatchObject([{ provider: 'postmark' }]);
});

function mail(id: string, to = ['ada@example.org']) {
  const providers = { except: ['own-mta'] };
  return { version: 1, id, from: 'shop@example.com', to, subject: 'Hello', text: 'Hello', providers };
}
