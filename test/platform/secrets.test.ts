import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

let answer: () => { status: number; body: unknown };
let reads = 0;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    reads += 1;
    const { status, body } = answer();
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
});

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.resetModules();
  reads = 0;
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('reads a secret once in five minutes, and at once when asked to', async () => {
  const { managedSecrets } = await import('../../lambda/platform/secrets.ts');
  answer = () => ({ status: 200, body: { SecretString: JSON.stringify({ key: String(reads) }) } });

  expect(await managedSecrets.read('a')).toEqual({ key: '1' });
  expect(await managedSecrets.read('a')).toEqual({ key: '1' });
  expect(await managedSecrets.read('a', true)).toEqual({ key: '2' });
  vi.setSystemTime(Date.now() + 301_000);
  expect(await managedSecrets.read('a')).toEqual({ key: '2' });
  await vi.waitFor(async () => expect(await managedSecrets.read('a')).toEqual({ key: '3' }));
  expect(reads).toBe(3);
});

it('goes on with the old value while the service fails, and refuses when there is none', async () => {
  const { managedSecrets } = await import('../../lambda/platform/secrets.ts');
  answer = () => ({ status: 200, body: { SecretString: '{"key":"good"}' } });
  await managedSecrets.read('a');
  answer = () => ({ status: 400, body: { __type: 'AccessDeniedException', message: 'no' } });
  vi.setSystemTime(Date.now() + 301_000);

  expect(await managedSecrets.read('a')).toEqual({ key: 'good' });
  await expect(managedSecrets.read('b')).rejects.toThrow();
});
