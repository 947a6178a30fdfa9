import type { Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { defined } from '../../../../lambda/platform/defined.ts';
import { StackClock } from '../../../../local/clock.ts';
import { FaultBoard } from '../../../../local/faults/faults.ts';
import { ownHosts } from '../../../../local/network/own-hosts.ts';
import { AcceptedLog } from '../../../../local/simulators/accepted-log.ts';
import { httpSimulator } from '../../../../local/simulators/http-simulator.ts';
import { Receiving, withReceiving } from '../../../../local/simulators/inbound/receiving.ts';
import { posting as mailgun } from '../../../../local/simulators/mailgun/posting.ts';
import { posting as postmark } from '../../../../local/simulators/postmark/posting.ts';
import { listening } from '../../../support/local-server.ts';

const MAIL = [
  'Message-ID: <one@example.com>',
  'From: Ada <ada@example.com>',
  'To: box@in.example.com',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  'hello',
  '--b',
  'Content-Type: image/png; name=a.png',
  'Content-ID: <logo@example.com>',
  'Content-Disposition: inline; filename=a.png',
  'Content-Transfer-Encoding: base64',
  '',
  'AAEC',
  '--b--',
  '',
].join('\r\n');

let server: Server | undefined;
const faults = new FaultBoard();
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

test("Mailgun's storage returns fields, the raw mail and attachments for the key", async () => {
  const { url, receiving } = await given('mailgun');
  const { id } = await take(receiving, 'store');
  const message = `${url}/v3/domains/in.example.com/messages/${id}`;

  const fields = await get(message, basic('key'));
  const raw = await get(message, { ...basic('key'), accept: 'message/rfc2822' });
  const attachment = await fetch(`${message}/attachments/0`, { headers: basic('key') });

  expect(fields.body).toMatchObject({
    recipients: 'box@in.example.com',
    sender: 'ada@example.com',
    subject: 'Grüße',
    'body-plain': 'hello',
    attachments: [{ url: `${message}/attachments/0`, name: 'a.png', 'content-type': 'image/png', size: 3 }],
  });
  expect(raw.body['body-mime']).toBe(MAIL);
  expect(Buffer.from(await attachment.arrayBuffer())).toEqual(Buffer.from([0, 1, 2]));
  expect((await get(message, basic('wrong'))).status).toBe(404);
  expect((await get(`${url}/v3/domains/in.example.com/messages/other`, basic('key'))).status).toBe(404);
});

test("Mailgun's events list stored and failed mail, page by page, with the URL of the copy", async () => {
  const { url, receiving } = await given('mailgun');
  const stored = await take(receiving, 'store');
  await take(receiving, 'form', 'lost');
  const failed = await take(receiving, 'form');
  await until(() => failed.status === 'failed');
  const events = `${url}/v3/mg.example.com/events?event=stored+OR+failed&begin=1&ascending=yes&limit=1`;

  const first = await get(events, basic('key'));
  const second = await get((first.body['paging'] as { next: string }).next, basic('key'));
  const third = await get((second.body['paging'] as { next: string }).next, basic('key'));

  expect(first.body['items']).toMatchObject([
    {
      event: 'stored',
      recipient: 'box@in.example.com',
      flags: { 'is-routed': true },
      message: { headers: { 'message-id': 'one@example.com' } },
      storage: { key: stored.id, url: `${url}/v3/domains/in.example.com/messages/${stored.id}` },
    },
  ]);
  expect(second.body['items']).toMatchObject([{ event: 'failed', severity: 'permanent', storage: { key: failed.id } }]);
  expect(third.body['items']).toEqual([]);
});

test("Postmark's API searches by status, cuts attachments, and repeats only failed or blocked mail", async () => {
  const { url, receiving } = await given('postmark');
  const blocked = await take(receiving, undefined, 'blocked');
  const failed = await take(receiving);
  await until(() => failed.status === 'failed');
  const token = { 'x-postmark-server-token': 'key' };
  const put = (path: string) => get(`${url}/messages/inbound/${path}`, token, 'PUT');

  const found = await get(`${url}/messages/inbound?count=10&offset=0&status=blocked`, token);
  const details = await get(`${url}/messages/inbound/${failed.id}/details`, token);

  expect(found.body).toMatchObject({ TotalCount: 1, InboundMessages: [{ MessageID: blocked.id, Status: 'Blocked' }] });
  expect(details.body).toMatchObject({
    Status: 'Failed',
    TextBody: 'hello',
    Attachments: [{ Name: 'a.png', ContentType: 'image/png', ContentLength: 3 }],
  });
  expect(JSON.stringify(details.body)).not.toContain('AAEC');
  expect((await put(`${blocked.id}/retry`)).body).toMatchObject({ ErrorCode: 702 });
  expect((await put(`${failed.id}/bypass`)).body).toMatchObject({ ErrorCode: 702 });
  expect((await put('unknown/retry')).body).toMatchObject({ ErrorCode: 701 });
  const tries = failed.tries.length;
  expect((await put(`${failed.id}/retry`)).body).toMatchObject({ ErrorCode: 0 });
  expect((await put(`${blocked.id}/bypass`)).body).toMatchObject({ ErrorCode: 0 });
  await until(() => failed.tries.length > tries && blocked.tries.length > 0);
  expect((await get(`${url}/messages/inbound?count=501&offset=0`, token)).status).toBe(422);
});

test('faults of look-ups apply to requests about received mail', async () => {
  const { url } = await given('postmark');
  await faults.set('postmark', [{ respond: { status: 503 }, on: 'lookup' }]);

  const answer = await fetch(`${url}/messages/inbound?count=1&offset=0`);

  expect(answer.status).toBe(503);
  await faults.clear('postmark');
});

/** Creates a simulator that posts received mail to a closed port. Therefore every post fails, and the simulator soon gives up. */
async function given(type: 'mailgun' | 'postmark') {
  let url = '';
  const receiving = new Receiving({
    key: type,
    type: { mailgun, postmark }[type],
    clock: new StackClock(1_000_000),
    target: () => ({ url: 'http://127.0.0.1:1', route: { path: '/x', storePath: '/x', signingKey: 'k' } }),
    endpoint: () => url,
  });
  const rest = {
    occasionOf: () => 'health' as const,
    textOf: async () => '',
    answer: async () => ({ status: 404, body: 'Not Found' }),
  };
  const behaviour = withReceiving(rest, { receiving, apiKey: 'key', timeScale: 1 });
  server = httpSimulator(type, behaviour, faults, new AcceptedLog(), ownHosts());
  url = await listening(server);
  return { url, receiving };
}

function take(receiving: Receiving, form?: 'form' | 'store', hold?: 'blocked' | 'lost') {
  const reception = { raw: Buffer.from(MAIL), from: 'ada@example.com', to: 'box@in.example.com' };
  return receiving.take(reception, defined({ form, hold }));
}

async function get(url: string, headers: Record<string, string>, method = 'GET') {
  const response = await fetch(url, { method, headers });
  const text = await response.text();
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>;
  return { status: response.status, body };
}

function basic(key: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}` };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
