import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryTable } from '../../support/memory-table.ts';
import {
  givenWorld,
  mailgunMail,
  mailgunRequest,
  postmarkMail,
  postmarkRequest,
  unavailable,
  type World,
} from './world.ts';

const mail = (index: number) => {
  const messageId = `<${index}@example.com>`;
  return {
    mailgun: () => mailgunRequest(mailgunMail({ 'Message-Id': messageId })),
    postmark: () => postmarkRequest(postmarkMail({ Headers: [{ Name: 'Message-ID', Value: messageId }] })),
  };
};

test('the same mail over both providers, at once or later, is delivered once', async () => {
  const world = givenWorld();
  const { mailgun, postmark } = mail(1);
  const answers = await Promise.all([mailgun(), postmark(), mailgun(), postmark()].map((one) => world.receive(one)));
  answers.push(await world.receive(postmark()));

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(world.queue).toHaveLength(1);
});

test('over functions that share only the table, a copy is delivered once', async () => {
  const table = memoryTable();
  const worlds = Array.from({ length: 8 }, () => givenWorld({ table }));
  const { mailgun, postmark } = mail(2);
  await Promise.all(worlds.flatMap((world) => [world.receive(mailgun()), world.receive(postmark())]));
  expect(worlds.flatMap(({ queue }) => queue)).toHaveLength(1);
});

test('a copy waits for another copy that is being processed, and is delivered if the other copy fails', async () => {
  const world = givenWorld();
  const { mailgun, postmark } = mail(3);
  let first = true;
  world.fault = (service) => {
    if (service === 'queue' && first) {
      first = false;
      throw new Error('the answer was lost');
    }
  };
  const answers = await Promise.all([world.receive(mailgun()), world.receive(postmark())]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 500]);
  expect(world.queue).toHaveLength(1);
});

test('a function that crashed on a mail delays it for a minute and no longer', async () => {
  const world = givenWorld();
  const { mailgun } = mail(4);
  // GIVEN that a crashed function has claimed the mail, and never ends this claim.
  const request = mailgun();
  await world.receive(request);
  const [pk = ''] = [...world.table.items.keys()].filter((key) => key.startsWith('inbound/'));
  world.table.items.set(pk, { ...world.table.items.get(pk), pk, rev: 9, state: 'sending', until: world.now + 60_000 });
  world.queue.length = 0;

  expect((await world.receive(request)).status).toBe(500);
  world.now += 60_000;
  expect((await world.receive(request)).status).toBe(200);
  expect(world.queue).toHaveLength(1);
});

test('fields of a newer release stay in the item', async () => {
  const world = givenWorld();
  const { mailgun } = mail(5);
  await world.receive(mailgun());
  const [pk = ''] = [...world.table.items.keys()].filter((key) => key.startsWith('inbound/'));
  world.table.items.set(pk, { ...world.table.items.get(pk), pk, rev: 1, state: 'failed', future: 'kept' });
  await world.receive(mailgun());
  expect(world.table.items.get(pk)).toMatchObject({ state: 'done', future: 'kept' });
});

test('with half of all writes failing, retries lose nothing and deliver nothing twice', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.boolean()), fc.integer({ min: 1, max: 30 }), async (coin, count) => {
      const world = givenWorld();
      world.fault = () => {
        if (coin.next().value) unavailable();
      };
      await Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const { mailgun, postmark } = mail(index);
          await Promise.all([mailgun(), postmark()].map((request) => untilTaken(world, request)));
        }),
      );
      expect(
        world
          .messages()
          .map(({ messageId }) => messageId)
          .toSorted(),
      ).toEqual(Array.from({ length: count }, (_, index) => `<${index}@example.com>`).toSorted());
    }),
    { numRuns: 100 },
  );
});

test.each([
  [400, 'ThrottlingException', 200],
  [400, 'KmsThrottled', 200],
  [403, 'RequestThrottled', 200],
  [429, 'TooManyRequests', 200],
  [400, 'InvalidMessageContents', 500],
  [403, 'AccessDenied', 500],
  [500, 'InternalFailure', 500],
])('a queue that answers %i %s once: the provider gets %i', async (httpStatusCode, name, expected) => {
  const world = givenWorld();
  let calls = 0;
  world.fault = (service) => {
    if (service !== 'queue') return;
    calls += 1;
    if (calls === 1) throw Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } });
  };

  expect((await world.receive(postmarkRequest(postmarkMail()))).status).toBe(expected);

  expect(world.queue).toHaveLength(expected === 200 ? 1 : 0);
});

test('a delivery stays recorded although the table fails right after the queue accepted the message', async () => {
  const world = givenWorld();
  const { mailgun, postmark } = mail(6);
  const { write } = world.table;
  let failures = 3;
  Object.assign(world.table, {
    write: (...call: Parameters<typeof write>) =>
      call[0]['state'] === 'done' && failures-- > 0 ? Promise.reject(new Error('away')) : write(...call),
  });
  expect((await world.receive(mailgun())).status).toBe(200);
  expect((await world.receive(postmark())).status).toBe(200);
  expect(world.queue).toHaveLength(1);
});

async function untilTaken(world: World, request: ReturnType<typeof mailgunRequest>): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    if ((await world.receive(request)).status === 200) return;
  }
  throw new Error('never taken');
}

test('a function that was frozen until its claim had expired sends nothing afterwards', async () => {
  const world = givenWorld();
  const { mailgun, postmark } = mail(7);
  let frozen = true;
  const { write } = world.table;
  Object.assign(world.table, {
    write: async (...call: Parameters<typeof write>) => {
      const written = await write(...call);
      // GIVEN that the process of the first request is frozen right after it has claimed the mail, for longer than a claim lasts.
      if (frozen && call[0]['state'] === 'sending') {
        frozen = false;
        world.now += 61_000;
        expect((await world.receive(postmark())).status).toBe(200);
      }
      return written;
    },
  });
  expect((await world.receive(mailgun())).status).toBe(500);
  expect(world.queue).toHaveLength(1);
});

test('a Message-ID with another sender, date or subject is another mail: delivered, and counted', async () => {
  const world = givenWorld();
  const mail = (subject: string, from = 'ada@example.org') =>
    mailgunMail({
      subject,
      'message-headers': JSON.stringify([
        ['From', from],
        ['Subject', subject],
        ['Date', 'Wed, 25 Nov 2026 12:59:00 +0100'],
        ['Message-Id', '<one@example.com>'],
      ]),
    });
  for (const one of [mail('Invoice'), mail('Invoice '), mail('Invoice 2'), mail('Invoice', 'eve@example.net')])
    expect((await world.receive(mailgunRequest(one))).status).toBe(200);

  expect(world.messages().map(({ subject, from }) => [subject, from?.[0]?.address])).toEqual([
    ['Invoice', 'ada@example.org'],
    ['Invoice 2', 'ada@example.org'],
    ['Invoice', 'eve@example.net'],
  ]);
  expect(world.metrics.filter(({ name }) => name === 'InboundIdReused')).toHaveLength(2);
});
