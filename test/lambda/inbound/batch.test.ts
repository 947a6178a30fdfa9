import { expect, test } from 'vitest';
import type { InboundModule, PostedMail } from '../../../lambda/providers/inbound.ts';
import { givenWorld, postmarkRequest } from './world.ts';

/** A type of provider that posts several received mails in one request: here, a list of MIME texts. */
const batches: InboundModule = {
  authenticate: ({ body, headers }) => {
    if (headers['x-token'] !== 'secret') return { kind: 'refused', reason: 'wrong' };
    const [first, ...others] = (JSON.parse(body.toString()) as string[]).map(
      (text): PostedMail => ({
        recipients: ['box@in.example.com'],
        sender: 'ada@example.org',
        mime: Buffer.from(text),
        content: { headers: [], files: [] },
      }),
    );
    if (first === undefined) return { kind: 'genuine', read: () => ({ kind: 'unreadable', detail: 'no mail' }) };
    return { kind: 'genuine', read: () => ({ kind: 'mail', mails: [first, ...others] }) };
  },
};
const mime = (id: string) =>
  `From: ada@example.org\r\nMessage-ID: <${id}@example.org>\r\nSubject: ${id}\r\n\r\n${id}\r\n`;
const batch = (...ids: string[]) => ({ ...postmarkRequest(ids.map(mime)), headers: { 'x-token': 'secret' } });
const given = () => givenWorld({ loadModule: async () => batches });

test('each mail of a batch is delivered once, with its own raw form', async () => {
  const world = given();

  expect((await world.receive(batch('one', 'two'))).status).toBe(200);
  expect((await world.receive(batch('two', 'three'))).status).toBe(200);
  expect((await world.receive(batch('one', 'three'))).status).toBe(200);

  const messages = world.messages();
  expect(messages.map(({ subject }) => subject)).toEqual(['one', 'two', 'three']);
  expect(messages.map(({ raw }) => world.objects.get(raw.s3.key)?.content.toString())).toEqual(
    ['one', 'two', 'three'].map(mime),
  );
  expect(world.metrics.flatMap(({ name, outcome }) => (name === 'InboundRequests' ? outcome : []))).toEqual([
    'delivered',
    'delivered',
    'duplicate',
  ]);
});

test('a batch that fails in its middle is posted again, and then complete', async () => {
  const world = given();
  const answers = [true, false];
  world.fault = (service) => {
    if (service === 'queue' && answers.shift() === false) throw new Error('unavailable');
  };

  expect((await world.receive(batch('one', 'two', 'three'))).status).toBe(500);
  world.now += 60_000;
  expect((await world.receive(batch('one', 'two', 'three'))).status).toBe(200);

  expect(world.messages().map(({ subject }) => subject)).toEqual(['one', 'two', 'three']);
});

test('a request is refused by any of its headers', async () => {
  const world = given();

  expect((await world.receive({ ...batch('one'), headers: {} })).status).toBe(401);
});
