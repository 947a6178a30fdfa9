import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { fetchStored } from '../../../lambda/inbound/fetch-stored.ts';
import { inbound as mailgun } from '../../../lambda/providers/mailgun/inbound.ts';
import { listening } from '../../support/local-server.ts';
import { givenWorld, mailgunMail, mailgunRequest } from './world.ts';

const MIME = [
  ...['From: ada@example.org', 'Message-Id: <one@example.com>', 'Subject: Hello'],
  ...['Date: Wed, 25 Nov 2026 11:59:00 +0000', '', 'The whole text.', ''],
].join('\r\n');
const URL_OF_MAIL = 'https://storage-us-east4.api.mailgun.net/v3/domains/in.example.com/messages/KEY';

const notice = () =>
  mailgunRequest(
    mailgunMail({
      'message-url': URL_OF_MAIL,
      attachments: JSON.stringify([{ url: `${URL_OF_MAIL}/attachments/0`, name: 'a.pdf', size: 9 }]),
    }),
  );

test('stored mail is fetched, kept unchanged, and delivered whole', async () => {
  const world = givenWorld();
  const calls: [string, Headers][] = [];
  world.fetch = async (url, init) => {
    calls.push([String(url), new Headers(init?.headers as Record<string, string>)]);
    return Response.json({ 'body-mime': MIME });
  };
  expect((await world.receive(notice())).status).toBe(200);

  const [message] = world.messages();
  expect(message).toMatchObject({
    subject: 'Hello',
    text: expect.stringMatching(/^The whole text\.\s*$/),
    providerMessageId: 'KEY',
    raw: { form: 'mime' },
  });
  expect(message?.flags).toBeUndefined();
  expect(world.objects.get(message?.raw.s3.key ?? '')?.content.toString()).toBe(MIME);
  expect(calls).toHaveLength(1);
  expect(calls[0]?.[1].get('accept')).toBe('message/rfc2822');
  expect(calls[0]?.[1].get('authorization')).toBe(`Basic ${Buffer.from('api:key-api').toString('base64')}`);
});

test('stored mail beyond ASCII has the texts of the notice, and its own files', async () => {
  const world = givenWorld();
  const mime = [
    ...['From: ada@example.org', 'Message-Id: <one@example.com>', 'Content-Type: multipart/mixed; boundary=b', ''],
    ...['--b', 'Content-Type: text/plain; charset=iso-8859-1', '', 'caf\u00e9', '--b'],
    ...['Content-Disposition: attachment; filename=a.bin', 'Content-Transfer-Encoding: base64', '', '/w==', '--b--'],
  ].join('\r\n');
  world.fetch = async () => Response.json({ 'body-mime': mime });
  await world.receive(mailgunRequest(mailgunMail({ 'message-url': URL_OF_MAIL, 'body-plain': 'caf\u00e9' })));

  expect(world.messages()).toMatchObject([{ text: 'caf\u00e9', attachments: [{ filename: 'a.bin', size: 1 }] }]);
});

test('while the storage fails Mailgun is asked to retry; a mail that is gone is delivered as far as it is known', async () => {
  const world = givenWorld();
  const request = notice();
  world.fetch = () => Promise.reject(new Error('fetch failed'));
  expect((await world.receive(request)).status).toBe(500);
  expect(world.queue).toEqual([]);

  world.now += 7.5 * 3_600_000;
  expect((await world.receive(request)).status).toBe(200);
  expect(world.messages()).toMatchObject([{ subject: 'Hello', flags: ['truncated'], raw: { form: 'request' } }]);
});

test('a mail that is not in the storage yet is asked for again, until the last try', async () => {
  const world = givenWorld();
  const request = notice();
  world.fetch = async () => new Response('', { status: 404 });
  expect((await world.receive(request)).status).toBe(500);
  expect(world.queue).toEqual([]);

  world.now += 7.5 * 3_600_000;
  expect((await world.receive(request)).status).toBe(200);
  expect(world.messages()).toMatchObject([{ subject: 'Hello', flags: ['truncated'], raw: { form: 'request' } }]);
});

test('a slow fetch is answered in time, and counted once', async () => {
  const world = givenWorld();
  world.fetch = () => new Promise(() => {});

  expect((await world.receive(notice(), 20)).status).toBe(500);

  expect(world.metrics).toEqual([{ name: 'InboundRequests', value: 1, outcome: 'failed' }]);
  expect(world.log.join()).toContain('CallTimeoutError');
});

test('after a notice of a mail that could not be fetched, the complete mail is still delivered, with the same id', async () => {
  const world = givenWorld();
  world.fetch = async () => new Response('', { status: 410 });
  await world.receive(notice());
  world.fetch = async () => Response.json({ 'body-mime': MIME });
  await world.receive(notice());
  await world.receive(notice());

  const messages = world.messages();
  expect(messages.map(({ flags }) => flags)).toEqual([['truncated'], undefined]);
  expect(new Set(messages.map(({ id }) => id)).size).toBe(1);
});

test.each([
  'http://storage-us-east4.api.mailgun.net/x',
  'https://mailgun.net.example.com/x',
  'https://evilmailgun.net/x',
  'https://user:pass@api.mailgun.net/x',
  'https://api.mailgun.net:8443/x',
  'https://169.254.169.254/latest/meta-data',
  'file:///etc/passwd',
  'no url',
])('nothing is fetched from %s', async (address) => {
  const answer = await fetchStored(address, {
    storage: mailgun.storage,
    endpoint: undefined,
    secret: { apiKey: 'key-api' },
    fetch: () => Promise.reject(new Error('must not be called')),
  });
  expect(answer).toBe('not-allowed');
});

let seen: { url: string; authorization: string | undefined }[] = [];
let origins: string[] = [];
const servers = [0, 1].map((index) =>
  createServer((request, response) => {
    seen.push({ url: `${index}${request.url}`, authorization: request.headers.authorization });
    if (request.url === '/away') response.writeHead(302, { location: `${origins[1]}/mail` }).end();
    else if (request.url === '/near') response.writeHead(302, { location: '/mail' }).end();
    else if (request.url === '/foreign') response.writeHead(302, { location: 'http://example.com/' }).end();
    else if (request.url === '/round') response.writeHead(302, { location: '/round' }).end();
    else if (request.url === '/endless') {
      const chunk = Buffer.alloc(1024 * 1024, 'a');
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    } else response.writeHead(200, { 'content-type': 'message/rfc822' }).end(MIME);
  }),
);

beforeAll(async () => {
  origins = await Promise.all(servers.map(listening));
});
beforeEach(() => {
  seen = [];
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const get = (path: string) =>
  fetchStored(`${origins[0]}${path}`, {
    storage: mailgun.storage && { ...mailgun.storage, has: ({ origin }) => origins.includes(origin) },
    endpoint: undefined,
    secret: { apiKey: 'key-api' },
    fetch,
  });

test('credentials follow a redirect within one origin only', async () => {
  expect(String(await get('/near'))).toBe(MIME);
  expect(seen.map(({ authorization }) => authorization !== undefined)).toEqual([true, true]);
  seen = [];
  expect(String(await get('/away'))).toBe(MIME);
  expect(seen.map(({ authorization }) => authorization !== undefined)).toEqual([true, false]);
});

test('a redirect to another host is not followed, nor an endless one', async () => {
  expect(await get('/foreign')).toBe('not-allowed');
  expect(await get('/round')).toBe('not-allowed');
});

test('a mail without end is given up at the limit', async () => {
  expect(await get('/endless')).toBe('too-large');
});
