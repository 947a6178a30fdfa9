import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { composeMime } from '../../../lambda/mail/mime.ts';
import { loadProvider } from '../../../lambda/providers/registry.ts';
import { block } from '../../support/block.ts';
import { message } from './postmark/attempt.ts';

const DEADLINE_MS = 600;
const CONFIGS = {
  postmark: { key: 'postmark', type: 'postmark', options: {} },
  mailgun: { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' } },
  sendgrid: { key: 'sendgrid', type: 'sendgrid', options: {} },
  ses: { key: 'ses', type: 'ses', options: { identities: ['example.com'], region: 'us-east-1' } },
  smtp: { key: 'smtp', type: 'smtp', options: { host: '127.0.0.1', tls: 'none' } },
} as const satisfies Record<string, ProviderConfig>;
type Type = keyof typeof CONFIGS;

/** Code of a thread that runs a fake provider of each type. The fake provider answers even while the thread of the test is blocked. */
const PROVIDER = `
  const { parentPort } = require('node:worker_threads');
  const tell = (what) => parentPort.postMessage(what);
  const ANSWER = { postmark: { ErrorCode: 0, Message: 'OK', MessageID: 'm1' }, mailgun: { id: '<m1>', message: 'Queued.' }, ses: { MessageId: 'm1' } };
  let silent = false;
  parentPort.on('message', (what) => { if (what === 'be silent') silent = true; tell('received'); });
  const later = (act) => { tell('asked'); if (!silent) setTimeout(act, 150); };
  const http = require('node:http').createServer((request, response) => {
    const path = request.url;
    const kind = path === '/v3/mail/send' ? 'sendgrid' : path.startsWith('/v3') ? 'mailgun' : path.startsWith('/v2') ? 'ses' : 'postmark';
    request.resume().on('end', () =>
      later(() => kind === 'sendgrid'
        ? response.writeHead(202, { 'x-message-id': 'm1' }).end()
        : response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER[kind]))));
  });
  http.keepAliveTimeout = 600000;
  http.on('connection', () => tell('connection'));
  const smtp = require('node:net').createServer((socket) => {
    tell('connection');
    let data = false;
    socket.on('error', () => {});
    socket.write('220 ready\\r\\n');
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (data) {
        if (!text.endsWith('\\r\\n.\\r\\n') && text !== '.\\r\\n') return;
        data = false;
        return later(() => socket.write('250 2.0.0 ok queued as m1\\r\\n'));
      }
      if (/^data/i.test(text)) { data = true; return socket.write('354 go\\r\\n'); }
      socket.write('250 ok\\r\\n');
    });
  });
  http.listen(0, '127.0.0.1', () => smtp.listen(0, '127.0.0.1', () => tell({ http: http.address().port, smtp: smtp.address().port })));
`;

let worker: Worker;
let told: unknown[];
let ports: Readonly<Record<'http' | 'smtp', number>>;

beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  told = [];
  worker = new Worker(PROVIDER, { eval: true });
  worker.on('message', (message) => told.push(message));
  ports = await vi.waitFor(
    () => told.find((one): one is typeof ports => typeof one === 'object') ?? expect.fail(),
    20_000,
  );
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await worker.terminate();
});

describe.each(Object.keys(CONFIGS) as Type[])('%s', (type) => {
  it('accepts the answer that came while the process stood still, though the deadline has passed', async () => {
    const send = await givenSend(type);
    await send(20_000);

    // On a busy machine the request may arrive too late for the deadline. Then the test is repeated with a longer deadline.
    for (let deadlineMs = DEADLINE_MS; ; deadlineMs *= 2) {
      const begun = performance.now();
      told = [];
      const sending = send(deadlineMs);
      await vi.waitFor(() => expect(told).toContain('asked'), { timeout: 20_000, interval: 10 });
      const isInTime = performance.now() - begun < deadlineMs / 2;
      if (isInTime) await block(2 * deadlineMs);
      const { outcome } = await sending;
      if (isInTime) return expect(outcome).toMatchObject({ kind: 'accepted' });
    }
  }, 60_000);

  it('still gives up when no answer has come', async () => {
    const send = await givenSend(type);
    await send(20_000);
    await heard('be silent');

    // A request that does not arrive before the deadline proves nothing. Then the test is repeated with a longer deadline.
    for (let deadlineMs = 200; ; deadlineMs *= 2) {
      told = [];
      const { outcome } = await send(deadlineMs);
      await heard('whether it was asked');
      if (told.includes('asked')) return expect(outcome).toMatchObject({ kind: 'unknown', reason: 'no-answer' });
    }
  }, 60_000);

  it('uses no connection that has been idle for longer than five seconds by the clock', async () => {
    const send = await givenSend(type);
    const connections = async () => {
      await heard('how many connections');
      return told.filter((one) => one === 'connection').length;
    };
    // On a busy machine the connection may really have been idle for almost five seconds. In this case the test sends again.
    let idleMs = Number.POSITIVE_INFINITY;
    while (idleMs > 4_000) {
      told = [];
      await send(20_000);
      const begun = performance.now();
      await send(20_000);
      idleMs = performance.now() - begun;
    }
    const before = await connections();
    expect(before).toBeLessThanOrEqual(1);

    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 });

    expect((await send(20_000)).outcome).toMatchObject({ kind: 'accepted' });
    expect(await connections()).toBe(before + 1);
  }, 60_000);
});

/**
 * Sends a message to the provider's thread; resolves when the thread has answered. At this time all earlier messages of the
 * thread have arrived, too.
 */
async function heard(what: string): Promise<void> {
  const before = told.filter((one) => one === 'received').length;
  worker.postMessage(what);
  await vi.waitFor(() => expect(told.filter((one) => one === 'received')).toHaveLength(before + 1), {
    timeout: 20_000,
    interval: 10,
  });
}

async function givenSend(type: Type) {
  const { key, options } = CONFIGS[type];
  const { create } = await loadProvider(type);
  const endpoint = type === 'smtp' ? `smtp://127.0.0.1:${ports.smtp}` : `http://127.0.0.1:${ports.http}`;
  const provider = (create as (context: object) => ReturnType<typeof create>)({
    key,
    options,
    endpoint,
    secret: { apiKey: 'k', serverToken: 't' },
  });
  const mime = await composeMime(message);
  return (deadlineMs: number) =>
    provider.send({
      message,
      recipients: message.to.map(({ address }) => address),
      mime: async () => mime,
      number: 1,
      tracking: { opens: false, clicks: false },
      deadlineMs,
      connectMs: Math.min(deadlineMs, 500),
    });
}
