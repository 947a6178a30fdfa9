import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { ServerClient } from 'postmark';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SECRETS, simulators } from './simulators.ts';

let stack: Awaited<ReturnType<typeof simulators>>;
beforeAll(async () => {
  stack = await simulators();
});
afterEach(async () => {
  await stack.faults.clear('pm');
  stack.accepted.clear();
});
afterAll(() => stack.close());

const agent = new Agent({ keepAlive: true });
const MAIL = { From: 'a@example.com', To: 'b@example.org', Subject: 'Grüße', TextBody: 'x' };

/** Posts to Postmark with Node's own client, which returns status and headers that an SDK hides. */
function post(mail: object = MAIL, timeout = 5_000): Promise<{ status: number; headers: object; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(`${stack.url('pm')}/email`, {
      method: 'POST',
      agent,
      signal: AbortSignal.timeout(timeout),
      headers: { 'X-Postmark-Server-Token': SECRETS.pm.serverToken, 'Content-Type': 'application/json' },
    });
    call.once('error', reject);
    call.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    call.end(JSON.stringify(mail));
  });
}

const taken = async () => (await stack.accepted.list({ provider: 'pm' })).length;

describe('faults of an HTTP provider', () => {
  it('answers verbatim, takes nothing and counts', async () => {
    const body = '<html>\r\n größer &amp; "raw"\u0000';
    await stack.fault('pm', { respond: { status: 418, headers: { 'Retry-After': '7', 'X-a': 'B' }, body }, times: 1 });
    expect(await post()).toMatchObject({ status: 418, headers: { 'retry-after': '7', 'x-a': 'B' }, body });
    expect(await taken()).toBe(0);
    expect(stack.hits('pm')).toEqual([1]);
    expect((await post()).status).toBe(200);
    expect(stack.hits('pm')).toEqual([1]);
  });

  it('takes nothing with a verbatim 200, and cuts the answer where its length says more', async () => {
    await stack.fault('pm', { respond: { status: 200, headers: { 'Content-Length': '99' }, body: '{"Mess' } });
    await expect(post()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await stack.fault('pm', { respond: { status: 200, body: '{}' } });
    expect(await post()).toMatchObject({ status: 200, body: '{}' });
    expect(await taken()).toBe(0);
  });

  it('writes an answer byte for byte, 1xx included', async () => {
    await stack.fault('pm', { respond: { status: 102, headers: { 'x-CaSe': 'kept' } } });
    const socket = connect(stack.port('pm'), '127.0.0.1');
    socket.end('POST /email HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe(
      'HTTP/1.1 102 Processing\r\nx-CaSe: kept\r\nConnection: close\r\n\r\n',
    );
  });

  it('refuses on a closed port, kept connections too, and reopens on the same port', async () => {
    await post();
    const port = stack.port('pm');
    expect(Object.keys(agent.freeSockets)).toHaveLength(1);
    await stack.fault('pm', { network: 'refuse' });
    await expect.poll(() => Object.keys(agent.freeSockets)).toEqual([]);
    await expect(post()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(fetch(`${stack.url('pm')}/server`)).rejects.toThrow('fetch failed');
    await stack.faults.clear('pm');
    expect((await post()).status).toBe(200);
    expect(stack.port('pm')).toBe(port);
  });

  it.each([
    ['reset-mid-request', 0],
    ['reset', 0],
    ['reset-after-accept', 1],
  ])('%s breaks the connection with %i taken', async (network, count) => {
    await stack.fault('pm', { network });
    await expect(post()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await taken()).toBe(count);
    expect(stack.hits('pm')).toEqual([1]);
  });

  it('cuts a large request before it has been read', async () => {
    await stack.fault('pm', { network: 'reset-mid-request' });
    const socket = connect(stack.port('pm'), '127.0.0.1');
    const failed = once(socket, 'error');
    socket.write('POST /email HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nonly this');
    expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(stack.hits('pm')).toEqual([1]);
  });

  it.each([
    ['hang', 0],
    ['hang-after-accept', 1],
  ])('%s leaves the client waiting with %i taken', async (network, count) => {
    await stack.fault('pm', { network });
    await expect(post(MAIL, 150)).rejects.toMatchObject({ name: 'AbortError' });
    expect(await taken()).toBe(count);
    expect(stack.hits('pm')).toEqual([1]);
  });

  it('answers normally but late with a delay alone, and late with an answer', async () => {
    const start = performance.now();
    await stack.fault('pm', { delayMs: 120 });
    expect((await post()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(115);
    expect(await taken()).toBe(1);
    await stack.fault('pm', { delayMs: 120, respond: { status: 503 } });
    const again = performance.now();
    expect((await post()).status).toBe(503);
    expect(performance.now() - again).toBeGreaterThan(115);
  });

  it('applies only to a match: decoded subject, address, header', async () => {
    for (const match of ['Grüße', 'b@example.org', 'X-Order: 7']) {
      await stack.fault('pm', { respond: { status: 500 }, match });
      expect((await post({ ...MAIL, Headers: [{ Name: 'X-Order', Value: '7' }] })).status).toBe(500);
      expect((await post({ ...MAIL, To: 'c@example.org', Subject: 'other' })).status).toBe(200);
    }
  });

  it('does not apply to health by default, and vice versa', async () => {
    const client = new ServerClient('token', { requestHost: `127.0.0.1:${stack.port('pm')}`, useHttps: false });
    await stack.fault('pm', { respond: { status: 500 } });
    expect((await client.getServer()).DeliveryType).toBe('Live');
    await stack.fault('pm', { respond: { status: 500 }, on: 'health' });
    await expect(client.getServer()).rejects.toMatchObject({ statusCode: 500 });
    expect((await post()).status).toBe(200);
  });

  it('refuses a fault of SMTP', async () => {
    const fault = { smtp: { stage: 'rcpt', reply: '550 no' } };
    await expect(stack.fault('pm', fault)).rejects.toThrow('uses HTTP');
  });

  it('closes although a connection hangs', async () => {
    const other = await simulators();
    await other.fault('pm', { network: 'hang' });
    const call = fetch(`${other.url('pm')}/email`, { method: 'POST', body: '{}' });
    const failed = expect(call).rejects.toThrow('fetch failed');
    await expect.poll(() => other.hits('pm')).toEqual([1]);
    await other.close();
    await failed;
  });
});
