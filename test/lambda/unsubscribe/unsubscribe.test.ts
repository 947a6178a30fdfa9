import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventSchema } from '../../../lambda/contract/event.ts';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { readUnsubscribeToken, unsubscribeToken } from '../../../lambda/suppression/unsubscribe-token.ts';
import { unsubscribes } from '../../../lambda/suppression/unsubscribes.ts';
import { answerLink } from '../../../lambda/unsubscribe/unsubscribe.ts';
import { memoryTable } from '../../support/memory-table.ts';

const NOW = Date.UTC(2026, 10, 29, 12, 0, 0);
const SECRET = { key: 'the-key' };
const ADA = { address: 'ada@example.org', class: 'news' };

function given() {
  const table = memoryTable();
  const sent: { body: string; attributes: unknown }[] = [];
  const log: string[] = [];
  const note = (message: string, fields?: object) => void log.push(JSON.stringify({ message, ...fields }));
  const world = { queueDown: false, failures: 0 };
  const secrets = { read: async () => SECRET };
  const list = unsubscribes(table, addressHashes(secrets, 'list'), () => NOW);
  const ask = (method: string, token = unsubscribeToken(ADA, SECRET), body = 'List-Unsubscribe=One-Click') =>
    answerLink(
      { method, token, body },
      {
        environment: { eventsQueueUrl: 'events', suppressionSecret: 'list' },
        secrets,
        unsubscribes: list,
        queue: {
          async send(_url, text, attributes) {
            if (world.queueDown) throw new Error('down');
            sent.push({ body: text, attributes });
          },
        },
        clock: { now: () => NOW, sleep: async () => {} },
        log: { info: note, warn: note, error: note },
        metrics: { add: () => (world.failures += 1) },
      },
    );
  return Object.assign(world, { table, sent, log, ask, list });
}

test('a POST unsubscribes from one class, once, with one event', async () => {
  const world = given();

  expect((await world.ask('POST')).statusCode).toBe(200);
  expect((await world.ask('POST')).statusCode).toBe(200);

  const [[pk, item] = []] = [...world.table.items];
  expect(pk).toMatch(/^unsubscribed\/[\w-]{43}\/news$/);
  expect(item).toMatchObject({ at: NOW, source: 'mailover', reported: true });
  expect(JSON.stringify([...world.table.items])).not.toContain('ada');
  expect(world.sent).toHaveLength(1);
  expect(world.sent[0]?.attributes).toEqual({ Type: 'unsubscribed', Class: 'news', Provider: 'mailover' });
  expect(eventSchema.parse(JSON.parse(world.sent[0]?.body ?? ''))).toMatchObject({
    type: 'unsubscribed',
    recipient: ADA.address,
    class: 'news',
  });
  expect(world.log.join()).not.toContain('@');
});

test.each([
  ['GET', undefined, 200],
  ['POST', 'other=1', 400],
  ['POST', '', 400],
])('%s with the body %j changes nothing', async (method, body, status) => {
  const world = given();

  const answer = await world.ask(method, undefined, body);

  expect(answer.statusCode).toBe(status);
  expect(world.table.items.size + world.table.reads + world.sent.length).toBe(0);
});

test('the page has a button that posts, loads nothing from other sites, and does not show the address', async () => {
  const { headers, body } = await given().ask('GET');

  expect(body).toContain('<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  expect(body).not.toContain(ADA.address);
});

test('the field may come as multipart', async () => {
  const world = given();
  const body = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n';

  await world.ask('POST', undefined, body);

  expect(world.sent).toHaveLength(1);
});

test('while the events queue fails the recipient is unsubscribed, and the next try sends the event', async () => {
  const world = given();
  world.queueDown = true;
  expect((await world.ask('POST')).statusCode).toBe(500);
  expect(world.table.items.size).toBe(1);
  expect(world.failures).toBe(1);
  world.queueDown = false;

  expect((await world.ask('POST')).statusCode).toBe(200);
  expect(world.sent).toHaveLength(1);
});

test('a recipient who subscribes again can unsubscribe again, which sends another event', async () => {
  const world = given();
  await world.ask('POST');
  expect(await world.list.remove(ADA)).toBe(true);
  expect(await world.list.remove(ADA)).toBe(false);

  await world.ask('POST');

  expect(world.sent).toHaveLength(2);
});

test('a token gives back what it was made of, and is the same at each attempt', () => {
  fc.assert(
    fc.property(fc.emailAddress(), fc.string({ minLength: 1, maxLength: 64 }), (address, name) => {
      fc.pre(!name.includes('\0') && name.isWellFormed());
      const token = unsubscribeToken({ address, class: name }, SECRET);
      expect(readUnsubscribeToken(token, SECRET)).toEqual({ address, class: name });
      expect(unsubscribeToken({ address, class: name }, SECRET)).toBe(token);
      expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain(address);
    }),
  );
});

test('a token of the previous key is read during a rotation', () => {
  const token = unsubscribeToken(ADA, SECRET);

  expect(readUnsubscribeToken(token, { key: 'new', previousKey: 'the-key' })).toEqual(ADA);
  expect(readUnsubscribeToken(token, { key: 'new' })).toBeUndefined();
});

test('no forged or changed token is accepted', async () => {
  const world = given();
  const token = Buffer.from(unsubscribeToken(ADA, SECRET), 'base64url');
  const changed = Array.from({ length: token.length * 8 }, (_, bit) => {
    const bytes = Buffer.from(token);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return bytes.toString('base64url');
  });
  const random = Array.from({ length: 1_000 }, (_, size) => randomBytes(size % 100).toString('base64url'));
  const cut = Array.from(token, (_, end) => token.subarray(0, end).toString('base64url'));

  for (const one of [...changed, ...random, ...cut]) {
    const answer = await world.ask('POST', one);
    expect(answer.statusCode, one).toBe(404);
  }
  expect(world.table.items.size).toBe(0);
});
