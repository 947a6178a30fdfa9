import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listening } from '../../support/local-server.ts';

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
  vi.stubEnv('AWS_ENDPOINT_URL', await listening(server));
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
  const { secrets } = await givenSecrets();
  answer = () => ({ status: 200, body: { SecretString: JSON.stringify({ key: String(reads) }) } });

  expect(await secrets.read('a')).toEqual({ key: '1' });
  expect(await secrets.read('a')).toEqual({ key: '1' });
  expect(await secrets.read('a', true)).toEqual({ key: '2' });
  vi.setSystemTime(Date.now() + 301_000);
  expect(await secrets.read('a')).toEqual({ key: '2' });
  await vi.waitFor(async () => expect(await secrets.read('a')).toEqual({ key: '3' }));
  expect(reads).toBe(3);
});

it('keeps the old value while the service fails, and refuses when there is none', async () => {
  const { secrets } = await givenSecrets();
  answer = () => ({ status: 200, body: { SecretString: '{"key":"good"}' } });
  await secrets.read('a');
  answer = () => ({ status: 400, body: { __type: 'AccessDeniedException', message: 'no' } });
  vi.setSystemTime(Date.now() + 301_000);

  expect(await secrets.read('a')).toEqual({ key: 'good' });
  await expect(secrets.read('b')).rejects.toMatchObject({ name: 'UnusableSecret', reason: 'forbidden' });
});

it.each([
  ['missing', 400, { __type: 'ResourceNotFoundException', message: 'no' }],
  ['missing', 400, { __type: 'InvalidRequestException', message: 'it was marked for deletion' }],
  ['forbidden', 400, { __type: 'AccessDeniedException', message: 'no' }],
  ['malformed', 200, { SecretString: 'serverToken' }],
  ['malformed', 200, { SecretString: '["serverToken"]' }],
  ['malformed', 200, { SecretString: 'null' }],
  ['malformed', 200, { SecretString: '{"serverToken":1}' }],
  ['malformed', 200, {}],
])('a secret is %s: %d %o', async (reason, status, body) => {
  const { secrets, counted } = await givenSecrets();
  answer = () => ({ status, body });

  await expect(secrets.read('a')).rejects.toMatchObject({ name: 'UnusableSecret', reason });
  expect(counted).toEqual([]);
});

it.each([
  [400, { __type: 'ThrottlingException', message: 'slow down' }],
  [400, { __type: 'InvalidRequestException', message: 'not now' }],
  [400, { __type: 'InvalidSignatureException', message: 'Signature expired' }],
  [400, { __type: 'ExpiredTokenException', message: 'expired' }],
  [500, { __type: 'InternalServiceError', message: 'oh' }],
  [503, {}],
])(
  'an error of the service is not a fault of the secret, is counted, and is not waited for twice: %d %o',
  async (...given) => {
    const { secrets, counted } = await givenSecrets();
    answer = () => ({ status: given[0], body: given[1] });

    await expect(secrets.read('a')).rejects.not.toMatchObject({ name: 'UnusableSecret' });
    const before = reads;
    await expect(secrets.read('a')).rejects.toThrow();
    expect(reads).toBe(before);
    expect(counted).toEqual(['SecretsUnreachable']);

    answer = () => ({ status: 200, body: { SecretString: '{"key":"good"}' } });
    vi.setSystemTime(Date.now() + 2_001);
    expect(await secrets.read('a')).toEqual({ key: 'good' });
  },
);

async function givenSecrets() {
  const { managedSecrets } = await import('../../../lambda/platform/secrets.ts');
  const counted: string[] = [];
  return { secrets: managedSecrets({ add: (name) => counted.push(name) }), counted };
}
