import { afterEach, beforeEach, expect, test } from 'vitest';
import { NotTakenError, postEvent } from '../../../lambda/poster/post.ts';
import { sign } from '../../../lambda/poster/sign.ts';
import { startServer } from '../../support/local-server.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const NOW = Date.UTC(2026, 10, 29, 12, 0, 0);
const EVENT = { version: 1, id: 'a'.repeat(43), type: 'delivered', recipient: 'ada@example.org' };

let answer: { status: number; headers?: Record<string, string> };
let deferred: number[];
let log: string[];
let server: Awaited<ReturnType<typeof startServer>>;
let url: string;

beforeEach(async () => {
  answer = { status: 204 };
  deferred = [];
  log = [];
  server = await startServer((response) => response.writeHead(answer.status, answer.headers).end('thanks'));
  url = `${server.url}/events`;
});
afterEach(() => server.close());

const note = (message: string, fields?: object) => void log.push(JSON.stringify({ message, ...fields }));

function post(receiveCount = 1, { random = 0, to = url, body = EVENT as unknown } = {}): Promise<void> {
  return postEvent(sqsRecord(body, { receiveCount, messageId: 'sqs-id' }), {
    environment: { url: to, signingSecret: 'signing', queueUrl: 'events' },
    secrets: { read: async () => ({ key: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }) },
    clock: { now: () => NOW, sleep: async () => {} },
    log: { info: note, warn: note, error: note },
    random: () => random,
    fetch,
    defer: async (_queue, _handle, seconds) => void deferred.push(seconds),
  });
}

// This is the example from the official libraries of the specification (libraries/javascript/src/index.test.ts, 2026-11-29).
test('the signature is that of the Standard Webhooks specification', () => {
  const signed = sign('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}', {
    key: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  });

  expect(signed).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('during a rotation there is a signature of each key', () => {
  const keys = { key: 'bmV3', previousKey: 'b2xk' };
  const one = (key: string) => sign('id', NOW, 'body', { key })['webhook-signature'];

  expect(sign('id', NOW, 'body', keys)['webhook-signature']).toBe(`${one('bmV3')} ${one('b2xk')}`);
});

test('an event is posted with its id, and taken by a status of 2xx', async () => {
  await post();

  const [request] = server.received;
  expect(JSON.parse(request?.body.toString() ?? '')).toEqual(EVENT);
  expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': EVENT.id });
  expect(deferred).toEqual([]);
});

test('what has no id of its own is posted with that of its message', async () => {
  await post(1, { body: 'no json' });

  expect(server.received[0]?.headers['webhook-id']).toBe('sqs-id');
});

test.each([301, 400, 404, 410, 429, 500])('a status of %i does not take it, and it waits', async (status) => {
  answer = { status, headers: { location: `${url}/elsewhere` } };

  await expect(post()).rejects.toBeInstanceOf(NotTakenError);

  expect(server.received.map((request) => request.url)).toEqual(['/events']);
  expect(deferred).toEqual([5]);
  expect(log.join()).toContain(`"status":${status}`);
});

test('the waits double from five seconds to an hour', async () => {
  answer = { status: 500 };
  for (const receives of [1, 2, 3, 10, 11, 12, 80]) await post(receives).catch(() => undefined);

  expect(deferred).toEqual([5, 10, 20, 2_560, 3_600, 3_600, 3_600]);
});

test('a Retry-After lengthens the wait, to an hour at most, and jitter adds up to a quarter', async () => {
  answer = { status: 429, headers: { 'retry-after': '120' } };
  await post().catch(() => undefined);
  answer = { status: 503, headers: { 'retry-after': '86400' } };
  await post().catch(() => undefined);
  await post(1, { random: 0.999 }).catch(() => undefined);

  expect(deferred).toEqual([120, 3_600, 4_500]);
});

test('an application that cannot be reached is tried again, and the log has no address', async () => {
  await expect(post(1, { to: 'http://127.0.0.1:9/' })).rejects.toBeInstanceOf(NotTakenError);

  expect(deferred).toEqual([5]);
  expect(log.join()).not.toMatch(/@|127\.0\.0\.1/);
});
