import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import { defined } from '../../../lambda/platform/defined.ts';
import { networkOutcome, retryAfterIn, retryAfterOf, statusMeaning } from '../../../lambda/providers/network.ts';
import { watchWire } from '../../../lambda/providers/wire.ts';
import { type Answer, closedUrl, listening, startServer, verbatim } from '../../support/local-server.ts';
import { LOST } from './lost-answers.ts';

const limits = { connectMs: 250, deadlineMs: 400 };
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

async function serve(answer: Answer, onHead?: Parameters<typeof startServer>[1]) {
  const server = await startServer(answer, onHead);
  opened.push(server);
  return server;
}

async function listen<T extends net.Server>(server: T): Promise<T & { url: string }> {
  const url = await listening(server);
  opened.push(server);
  return Object.assign(server, { url: url.replace('http:', 'https:') });
}

/** Makes a POST request as SDKs do: rejects on an error, resolves with the whole answer. */
function post(url: string, body: string | Buffer = 'mail', agent?: http.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https') ? https : http;
    const call = request(url, { method: 'POST', ...defined({ agent }) }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** Makes a request that asks for a compressed answer, as axios does. */
function askCompressed(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = http.request(url, { headers: { 'accept-encoding': 'gzip, br' } }, (response) =>
      response.resume().once('end', resolve),
    );
    call.once('error', reject);
    call.end();
  });
}

describe('watchWire', () => {
  it('records a whole answer with status and headers', async () => {
    const server = await serve(verbatim(429, { 'retry-after': '7' }, 'slow down'));
    const { result, error, trace } = await watchWire(limits, () => post(server.url));
    expect(result).toBe('slow down');
    expect(error).toBeUndefined();
    expect(trace).toMatchObject({ connected: true, written: true, complete: true, status: 429 });
    expect(trace.headers?.['retry-after']).toBe('7');
    expect(trace.failure).toBeUndefined();
  });

  it('knows a kept connection as connected, and ends it with the attempt', async () => {
    let calls = 0;
    const server = await serve((response) => {
      calls += 1;
      if (calls === 1) response.end('ok');
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    opened.push({ close: () => agent.destroy() });
    await watchWire(limits, () => post(server.url, 'one', agent));
    const second = await watchWire(limits, () => post(server.url, 'two', agent));
    expect(server.connections()).toBe(1);
    expect(second.trace).toMatchObject({ connected: true, written: true, complete: false, failure: 'DEADLINE' });
    expect(networkOutcome(second.trace)).toMatchObject({ kind: 'unknown', reason: 'no-answer' });
  });

  it.each([
    ['plain', {}, 50_000_000],
    // The limit of compressed answers is lower, since gzip can expand a byte to a thousand bytes.
    ['compressed', { 'content-encoding': 'gzip' }, 10_000_000],
  ])('cuts an answer without end, before it fills the memory: %s', async (_, headers, most) => {
    let written = 0;
    const server = await serve((response) => {
      response.writeHead(200, headers);
      const more = () => {
        while (!response.destroyed && written < 2_000_000_000 && response.write(Buffer.alloc(100_000)))
          written += 100_000;
      };
      response.on('drain', more);
      more();
    });

    const { trace } = await watchWire({ connectMs: 250, deadlineMs: 10_000 }, () => post(server.url));

    expect(written).toBeLessThan(most);
    expect(trace).toMatchObject({ status: 200, complete: false, failure: 'ANSWER_TOO_LARGE' });
    expect(networkOutcome(trace)).toMatchObject({ kind: 'unknown', reason: 'answer-lost' });
  });

  it('asks for answers that are not compressed, whatever the SDK asks for', async () => {
    const asked: unknown[] = [];
    const server = await listen(
      http.createServer((request, response) => {
        asked.push(request.headers['accept-encoding']);
        response.end();
      }),
    );
    const url = server.url.replace('https', 'http');
    await watchWire(limits, () => askCompressed(url));
    expect(asked).toEqual(['identity']);
  });

  it('counts TLS as part of the connection, new and kept', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    const server = await listen(
      https.createServer({ key, cert }, (request, response) => request.resume().on('end', () => response.end('ok'))),
    );
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    opened.push({ close: () => agent.destroy() });
    for (let i = 0; i < 2; i++) {
      const { trace } = await watchWire({ connectMs: 2000, deadlineMs: 3000 }, () => post(server.url, 'mail', agent));
      expect(trace).toMatchObject({ connected: true, written: true, complete: true, status: 200 });
    }
  });

  it('keeps concurrent watches separate', async () => {
    const good = await serve(verbatim(201, {}, 'good'));
    const bad = await serve(verbatim(500, {}, 'bad'));
    const [a, b, c] = await Promise.all([
      watchWire(limits, () => post(good.url)),
      watchWire(limits, () => post(bad.url)),
      watchWire(limits, async () => post(await closedUrl())),
    ]);
    expect([a.trace.status, b.trace.status, c.trace.status]).toEqual([201, 500, undefined]);
    expect(c.trace).toMatchObject({ connected: false, failure: 'ECONNREFUSED' });
  });

  it('gives up a connection that is not established in time: nothing was sent', async () => {
    // The server accepts the TCP connection, but never answers the TLS handshake.
    const silent = await listen(net.createServer(() => {}));
    const { trace } = await watchWire(limits, () => post(silent.url));
    expect(trace).toMatchObject({ connected: false, failure: 'CONNECT_TIMEOUT' });
    expect(networkOutcome(trace)).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'connect-timeout' });
  });

  it('counts an untrusted certificate as a fault of the provider, and sends nothing', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    let bytes = 0;
    const server = await listen(
      tls.createServer({ key, cert }, (socket) =>
        socket.on('data', (data) => (bytes += data.length)).on('error', () => {}),
      ),
    );
    const { trace } = await watchWire({ connectMs: 2000, deadlineMs: 3000 }, () => post(server.url));
    expect(trace.connected).toBe(false);
    expect(networkOutcome(trace)).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'tls' });
    expect(bytes).toBe(0);
  });

  it('counts a certificate that is not valid yet as a wrong clock of this process', async () => {
    const notBeforeDate = new Date(Date.now() + 86_400_000);
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { notBeforeDate });
    const server = await listen(tls.createServer({ key, cert }, (socket) => socket.on('error', () => {})));
    const { trace } = await watchWire({ connectMs: 2000, deadlineMs: 3000 }, () =>
      post(server.url, 'mail', new https.Agent({ ca: cert })),
    );
    expect(trace.failure).toBe('CERT_NOT_YET_VALID');
    expect(networkOutcome(trace)).toMatchObject({ kind: 'unavailable', blames: 'worker', reason: 'clock-skew' });
  });

  it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EADDRNOTAVAIL', 'EAI_MEMORY'])(
    'counts %s as a fault of this process if nothing was sent; otherwise the outcome is unknown',
    (failure) => {
      const trace = { connected: false, written: false, complete: false, failure };
      expect(networkOutcome(trace)).toMatchObject({ kind: 'unavailable', blames: 'worker', reason: 'local-limit' });
      expect(networkOutcome({ ...trace, connected: true })).toMatchObject({ kind: 'unknown' });
    },
  );

  it('counts a name that does not resolve as a fault of the provider', async () => {
    const { trace } = await watchWire({ connectMs: 4000, deadlineMs: 5000 }, () => post('http://provider.invalid'));
    expect(networkOutcome(trace)).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'dns' });
  });

  it('has an unknown outcome if the connection is reset while the request is written', async () => {
    const server = await serve(
      () => {},
      (request) => {
        request.socket.resetAndDestroy();
        return true;
      },
    );
    const { trace } = await watchWire(limits, () => post(server.url, Buffer.alloc(8_000_000)));
    expect(trace).toMatchObject({ connected: true, complete: false });
    expect(networkOutcome(trace).kind).toBe('unknown');
  });

  it.each(LOST)('calls it unknown: $name', async ({ answer, reason }) => {
    const server = await serve(answer);
    const { trace } = await watchWire(limits, () => post(server.url));
    expect(server.received).toHaveLength(1);
    expect(networkOutcome(trace)).toMatchObject({ kind: 'unknown', reason });
  });

  it('sends no request after its end', async () => {
    const server = await serve(verbatim(200, {}, 'ok'));
    let go = () => {};
    const waiting = new Promise<void>((resolve) => {
      go = resolve;
    });
    let late: Promise<string> | undefined;
    const { trace } = await watchWire({ connectMs: 10, deadlineMs: 20 }, async () => {
      await waiting;
      late = post(server.url);
      return late;
    });
    expect(networkOutcome(trace)).toMatchObject({ kind: 'unavailable', reason: 'connect-timeout' });
    go();
    await waiting;
    await expect(late).rejects.toMatchObject({ code: 'NOT_FOLLOWED' });
    expect(server.received).toHaveLength(0);
  });
});

describe('statusMeaning', () => {
  it.each([
    [408, { kind: 'unknown', reason: 'no-answer' }],
    [413, { kind: 'refused', blames: 'message', reason: 'too-large' }],
    [429, { kind: 'throttled', reason: 'rate-limit' }],
    [500, { kind: 'unavailable', blames: 'outage', reason: 'server-error' }],
    [502, { kind: 'unavailable', blames: 'outage', reason: 'server-error' }],
    [503, { kind: 'unavailable', blames: 'outage', reason: 'service-unavailable' }],
    [504, { kind: 'unavailable', blames: 'outage', reason: 'server-error' }],
    [599, { kind: 'unavailable', blames: 'outage', reason: 'server-error' }],
  ])('%i', (status, expected) => {
    expect(statusMeaning(status)).toMatchObject(expected);
  });

  it('says that a gateway may hide an accepted mail, and an overloaded one does not', () => {
    for (const status of [500, 501, 502, 504, 599]) expect(statusMeaning(status)).toHaveProperty('maybeTaken', true);
    expect(statusMeaning(503)).not.toHaveProperty('maybeTaken');
  });

  it.each([200, 302, 400, 401, 403, 404])('leaves %i to the provider', (status) => {
    expect(statusMeaning(status)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  it('reads seconds, dates and sentences', () => {
    expect(retryAfterOf({ 'retry-after': '7' })).toBe(7000);
    expect(retryAfterOf({ 'retry-after': '1.5' })).toBe(1500);
    expect(retryAfterOf({ 'retry-after': '0' })).toBe(0);
    const now = Date.parse('2026-11-23T10:00:00Z');
    expect(retryAfterOf({ 'retry-after': 'Mon, 23 Nov 2026 10:00:30 GMT' }, now)).toBe(30_000);
    expect(retryAfterIn('retry after 5 seconds')).toBe(5000);
    expect(retryAfterIn('Please try again after 2 minutes.')).toBe(120_000);
    expect(retryAfterIn('try again in 250 ms')).toBe(250);
    for (const until of ['Mon, 23 Nov 2026 12:00:00 UTC', '23 Nov 2026 13:00:00 +0100', '2026-11-23T12:00:00Z'])
      expect(retryAfterIn(`recipient limit exceeded, try again after ${until}`, now)).toBe(7_200_000);
    expect(retryAfterIn('try again after Mon, 23 Nov 2020 12:00:00 UTC', now)).toBeUndefined();
    expect(retryAfterIn('try again after lunch', now)).toBeUndefined();
  });

  it("measures a date by the server's own clock", () => {
    const headers = { date: 'Mon, 23 Nov 2026 10:00:00 GMT', 'retry-after': 'Mon, 23 Nov 2026 10:00:10 GMT' };
    expect(retryAfterOf(headers, 0)).toBe(10_000);
  });

  it('is never negative, and never longer than a day', () => {
    const past = { date: 'Mon, 23 Nov 2026 10:00:10 GMT', 'retry-after': 'Mon, 23 Nov 2026 10:00:00 GMT' };
    expect(retryAfterOf(past)).toBe(0);
    expect(retryAfterOf({ 'retry-after': '99999999999' })).toBe(24 * 3600 * 1000);
  });

  it.each([{}, { 'retry-after': '' }, { 'retry-after': 'soon' }, { 'retry-after': '-3' }])('ignores %o', (headers) => {
    expect(retryAfterOf(headers)).toBeUndefined();
  });
});
