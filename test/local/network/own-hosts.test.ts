import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredHosts, ownHosts, refuseForeign } from '../../../local/network/own-hosts.ts';
import { checkPorts } from '../../../local/network/ports.ts';
import { answerTo, firstLineTo } from '../../support/answer-to.ts';
import { listening } from '../../support/local-server.ts';

let server: Server;
let url: string;
let seen = 0;

beforeAll(async () => {
  server = createServer((_request, response) => {
    seen += 1;
    response.end('served');
  });
  refuseForeign(server, ownHosts(declaredHosts('mail.devbox.example, [fd00::1]')));
  url = await listening(server);
});

afterAll(() => server.close());

describe('a server of the local stack', () => {
  it.each([
    '127.0.0.1:4700',
    '127.0.0.1',
    'LOCALHOST:4700',
    'localhost.',
    'bucket.localhost:4701',
    'a.b_c.localhost',
    '[::1]:4700',
    'mail.devbox.example',
    'Mail.Devbox.Example:443',
    '[fd00::1]:80',
  ])('answers under %s, and its pages', async (host) => {
    expect(await answerTo(url, { host })).toMatchObject({ status: 200, body: 'served' });
    for (const scheme of ['http', 'https'])
      expect(await answerTo(url, { host: '127.0.0.1', origin: `${scheme}://${host}` })).toMatchObject({ status: 200 });
  });

  it.each([
    'example.com',
    '127.0.0.1.example.com',
    'localhost.example.com',
    'notlocalhost',
    'evil-localhost',
    '127.0.0.2',
    '0.0.0.0',
    '127.1',
    '2130706433',
    '[::ffff:127.0.0.1]',
    '[::]',
    'x.mail.devbox.example',
    'mail.devbox.example.evil.example',
    'localhost:4700@evil.example',
    'evil.example#localhost',
    'evil.example/localhost',
    'localhost evil.example',
    'localhost,evil.example',
  ])('does not answer under %j, nor a page of it', async (host) => {
    const before = seen;
    for (const headers of [
      { host },
      { host: '127.0.0.1', origin: `http://${host}` },
      { host: '127.0.0.1', origin: `https://${host}:4700` },
    ]) {
      const { status, headers: answered, body } = await answerTo(url, headers, 'POST');
      expect(status).toBe(403);
      expect(answered['access-control-allow-origin']).toBeUndefined();
      expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(/MAILOVER_HOSTS .*\.$/) });
    }
    expect(seen).toBe(before);
  });

  it.each([
    ['null', 'GET'],
    ['null', 'OPTIONS'],
    ['file://', 'POST'],
    ['chrome-extension://localhost', 'POST'],
    ['ftp://localhost', 'POST'],
    ['http://localhost http://evil.example', 'POST'],
    ['http://evil.example, http://localhost', 'POST'],
    ['localhost', 'POST'],
    ['', 'POST'],
  ])('refuses a page whose origin is %j (%s)', async (origin, method) => {
    expect(await answerTo(url, { host: 'localhost', origin }, method)).toMatchObject({ status: 403 });
  });

  it('answers no preflight and no WebSocket of a foreign page', async () => {
    const foreign = { host: 'localhost', origin: 'https://evil.example' };
    expect(await answerTo(url, { ...foreign, 'access-control-request-method': 'PUT' }, 'OPTIONS')).toMatchObject({
      status: 403,
    });
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'x',
    };
    expect(await answerTo(url, { ...foreign, ...upgrade })).toMatchObject({ status: 403 });
    expect(await answerTo(url, { host: 'rebound.example', ...upgrade })).toMatchObject({ status: 403 });
  });

  it('refuses an image, script or frame of a foreign page, and allows a link', async () => {
    const from = (site: string, destination: string) =>
      answerTo(url, { host: 'localhost', 'sec-fetch-site': site, 'sec-fetch-dest': destination });
    for (const destination of ['image', 'script', 'iframe', 'empty', 'object'])
      expect(await from('cross-site', destination)).toMatchObject({ status: 403 });
    for (const [site, destination] of [
      ['cross-site', 'document'],
      ['none', 'document'],
      ['same-origin', 'script'],
    ] as const)
      expect(await from(site, destination)).toMatchObject({ status: 200 });
  });

  it('reads the host of the request line too, and takes one Host only', async () => {
    const refused = /^HTTP\/1\.1 40[03] /;
    expect(await firstLineTo(url, 'GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(refused);
    expect(await firstLineTo(url, 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n')).toMatch(refused);
    expect(await firstLineTo(url, 'GET / HTTP/1.0\r\n\r\n')).toMatch(refused);
    expect(await firstLineTo(url, 'GET / HTTP/1.1\r\nHost: \r\n\r\n')).toMatch(refused);
    expect(await firstLineTo(url, 'GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(/ 200 /);
  });
});

it.each(['http://a.example', '*.example', 'a.example:80', 'a/b', 'a b;c'])('MAILOVER_HOSTS cannot be %j', (text) => {
  expect(() => declaredHosts(text)).toThrow(/^MAILOVER_HOSTS has ".*", which is not a host name: .*\.$/);
});

it('a base port that gives a port which browsers block is refused with an error', async () => {
  for (const base of [6000, 5059, 5058, 5057, 4190, 10_080])
    expect(() => checkPorts(base, 4)).toThrow(new RegExp(`^MAILOVER_PORT=${base} would use port \\d+, .*\\.$`));
  expect(() => checkPorts(6_654, 2)).toThrow(/use port 6665,/);
  expect(() => checkPorts(6_654, 1)).not.toThrow();
  expect(() => checkPorts(4_700, 22)).not.toThrow();
  // The `fetch` of Node refuses the same ports that browsers refuse.
  await expect(fetch('http://127.0.0.1:6000')).rejects.toMatchObject({ cause: { message: 'bad port' } });
});
