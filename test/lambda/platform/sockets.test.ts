import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { s3Bucket } from '../../../lambda/platform/object-store.ts';
import { sqsQueueOneTry } from '../../../lambda/platform/queue.ts';
import type { managedSecrets } from '../../../lambda/platform/secrets.ts';
import { dynamoTable } from '../../../lambda/platform/table.ts';
import { block } from '../../support/block.ts';
import { listening } from '../../support/local-server.ts';

/** Decides how the server treats a request. `nthOfSocket` is the number of the request on its socket: 1 for the first request. */
let onRequest: (answer: () => void, socket: Socket, nthOfSocket: number) => void;
let connections = 0;
let requests = 0;
const server = createServer((request, response) => {
  const nth = ((request.socket as Socket & { count?: number }).count ?? 0) + 1;
  Object.assign(request.socket, { count: nth });
  request.resume().on('end', () => {
    requests += 1;
    onRequest(() => answer(request, response), request.socket, nth);
  });
});
server.keepAliveTimeout = 600_000;
server.on('connection', () => {
  connections += 1;
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const target = String(request.headers['x-amz-target'] ?? '');
  if (target.startsWith('secrets')) response.end(JSON.stringify({ SecretString: '{"key":"1"}' }));
  else if (target.startsWith('DynamoDB')) response.end('{"Item":{"pk":{"S":"a"},"rev":{"N":"1"}}}');
  else if (target.startsWith('AmazonSQS'))
    response.end(JSON.stringify({ MessageId: '1', MD5OfMessageBody: createHash('md5').update('body').digest('hex') }));
  else response.end(request.method === 'GET' ? 'content' : '{}');
}

beforeEach(async () => {
  pointTo(await listening(server));
  [connections, requests] = [0, 0];
  onRequest = (good) => good();
  vi.resetModules();
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const names = ['the table', 'a queue', 'reading objects', 'writing objects', 'secrets'] as const;

describe.each(names)('%s', (name) => {
  it('makes a request that is reset on a kept socket at once on a fresh one', async () => {
    const call = await givenCall(name);
    await call();
    onRequest = (good, socket, nth) => (nth > 1 ? socket.resetAndDestroy() : good());

    const begun = performance.now();
    await call();

    expect({ requests, connections }).toEqual({ requests: 3, connections: 2 });
    // If the SDK itself made the retry, there would be a pause before it.
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('does not use a socket that has been idle for longer than five seconds by the clock', async () => {
    const call = await givenCall(name);
    await call();
    await call();
    expect(connections).toBe(1);

    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 });
    await call();

    expect({ requests, connections }).toEqual({ requests: 3, connections: 2 });
  });
});

// This test omits the writing of an object, since its four attempts of eight seconds each take too long for a test.
const quick = names.filter((name) => name !== 'writing objects');

it.each(quick)('%s: an answer that stops in its middle ends the call', { timeout: 40_000 }, async (name) => {
  const call = await givenCall(name);
  onRequest = (_good, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{');

  const begun = performance.now();
  await expect(call()).rejects.toThrow();

  expect(performance.now() - begun).toBeLessThan(30_000);
});

it('drops all kept sockets when one of them is dead: none of them is tried', async () => {
  const call = await givenCall('the table');
  await Promise.all(Array.from({ length: 10 }, call));
  const kept = connections;
  onRequest = (good, socket, nth) => (nth > 1 ? socket.resetAndDestroy() : good());

  await call();
  await call();

  // The first call finds a dead connection, and opens a new connection. The new connection is dead as well when the second call
  // uses it.
  expect(connections).toBe(kept + 2);
  expect(requests).toBe(10 + 2 + 2);
});

it('goes on over a fresh socket when a kept one is silent', async () => {
  const call = await givenCall('the table');
  await Promise.all(Array.from({ length: 5 }, call));
  onRequest = (good, _socket, nth) => (nth > 1 ? undefined : good());

  const begun = performance.now();
  await call();

  expect(performance.now() - begun).toBeLessThan(4_000);
  expect(requests).toBe(5 + 2);
});

it('does not repeat a request that is reset on a fresh socket, since it may have been accepted', async () => {
  onRequest = (_good, socket) => socket.resetAndDestroy();

  await expect(sqsQueueOneTry.send(`${url}/000000000000/q`, 'body')).rejects.toThrow();

  expect(requests).toBe(1);
});

it('accepts an answer that had arrived when the process went on, long after the time was up', async () => {
  const distant = await givenDistantServer();
  pointTo(`http://127.0.0.1:${distant.port}`);
  const table = dynamoTable('state', { maxAttempts: 1 });
  await table.get('a');

  const reading = table.get('a');
  await distant.asked();
  await block(2_500);

  expect(await reading).toMatchObject({ pk: 'a' });
  await distant.close();
});

let url = '';

function pointTo(server: string): void {
  url = server;
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  }))
    vi.stubEnv(name, value);
}

/** Each module keeps its AWS client. Therefore each test loads the modules again. */
async function givenCall(name: (typeof names)[number]): Promise<() => Promise<unknown>> {
  switch (name) {
    case 'the table': {
      const table = dynamoTable('state');
      return () => table.get('a');
    }
    case 'a queue': {
      const { sqsQueueOneTry: queue } = await import('../../../lambda/platform/queue.ts');
      return () => queue.send(`${url}/000000000000/q`, 'body');
    }
    case 'reading objects': {
      const { s3Bucket: own } = (await import('../../../lambda/platform/object-store.ts')) as {
        s3Bucket: typeof s3Bucket;
      };
      const objects = own('mail');
      return () => objects.read({ bucket: 'mail', key: 'submissions/a' }, 10_000);
    }
    case 'writing objects': {
      const { s3Bucket: own } = (await import('../../../lambda/platform/object-store.ts')) as {
        s3Bucket: typeof s3Bucket;
      };
      const store = own('mail');
      return () => store.put('inbound/a', 'content', 'text/plain');
    }
    case 'secrets': {
      const { managedSecrets: own } = (await import('../../../lambda/platform/secrets.ts')) as {
        managedSecrets: typeof managedSecrets;
      };
      const secrets = own({ add: () => undefined });
      return () => secrets.read('a', true);
    }
  }
}

/** Starts a table on another thread. The table answers even while the thread of the test is blocked. */
async function givenDistantServer() {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     let asked = 0;
     const server = require('node:http').createServer((request, response) => {
       request.resume().on('end', () => {
         asked += 1;
         parentPort.postMessage({ asked });
         setTimeout(() => response.end('{"Item":{"pk":{"S":"a"},"rev":{"N":"1"}}}'), 200);
       });
     }).listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));`,
    { eval: true },
  );
  const seen: { asked?: number; port?: number }[] = [];
  worker.on('message', (message) => seen.push(message));
  const until = async <T>(find: () => T | undefined) => vi.waitFor(() => find() ?? expect.fail('not yet'), 20_000);
  return {
    port: await until(() => seen.find(({ port }) => port)?.port),
    asked: () => until(() => seen.find(({ asked }) => asked === 2)),
    close: () => worker.terminate(),
  };
}
