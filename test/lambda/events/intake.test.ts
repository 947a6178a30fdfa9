import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { MAX_BODY_BYTES } from '../../../lambda/events/intake.ts';
import { readHour } from '../../../lambda/reputation/hours.ts';
import {
  fromMailgun,
  fromPostmark,
  fromSendgrid,
  givenWorld,
  mailgunEvent,
  NOW,
  referenceFor,
  sendgridEvent,
} from './world.ts';

const HOUR = 3_600_000;

test('an event is kept, and is on the queue in its one shape with attributes', async () => {
  const world = givenWorld();

  expect(await world.post(fromMailgun(mailgunEvent('e-1')))).toMatchObject({ status: 200 });

  expect(world.events()).toEqual([
    {
      version: 1,
      id: expect.stringMatching(/^[\w-]{43}$/),
      provider: 'mailgun',
      providerEventId: '2026-11-29/e-1',
      providerMessageId: 'm@example.com',
      type: 'delivered',
      recipient: 'ada@example.org',
      submissionId: 'order-1',
      class: 'receipts',
      attempt: 1,
      at: '2026-11-29T12:00:00.000Z',
    },
  ]);
  expect(world.queued[0]?.attributes).toEqual({ Type: 'delivered', Provider: 'mailgun', Class: 'receipts' });
  expect(world.lists.items.size).toBe(1);
  expect(world.metrics).toEqual(['DeliveryEvents mailgun delivered', 'EventRequests mailgun taken']);
});

test('neither the log nor the list has an address', async () => {
  const world = givenWorld();

  await world.post(fromMailgun(mailgunEvent('e-1', 'order-1', { 'delivery-status': { message: 'ada@example.org' } })));

  expect(world.log.join() + JSON.stringify([...world.lists.items.values()])).not.toContain('ada');
});

test('a repeated event is taken once, whether posted again or signed again', async () => {
  const world = givenWorld();
  const first = fromMailgun(mailgunEvent('e-1'));

  const answers = [
    await world.post(first),
    await world.post(first),
    await world.post(fromMailgun(mailgunEvent('e-1'))),
  ];

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(world.queued).toHaveLength(1);
});

test.each([
  ['of a known submission', 'order-1'],
  ['without a submission', undefined],
])('an event %s that is repeated after a rotation of the key is taken once', async (_, submission) => {
  const world = givenWorld();
  const event = mailgunEvent('e-1', submission, submission ? {} : { 'user-variables': {} });
  await world.post(fromMailgun(event));
  world.listKey = { key: 'newer', previousKey: 'list-key' };

  await world.post(fromMailgun(event));
  expect(world.queued).toHaveLength(1);
  await world.post(fromMailgun({ ...event, id: 'e-2' }));
  expect(world.queued).toHaveLength(2);
});

test('a second acceptance is found also after a rotation of the key', async () => {
  const world = givenWorld();
  await world.post(fromMailgun(mailgunEvent('e-1')));
  world.listKey = { key: 'newer', previousKey: 'list-key' };

  await world.post(fromSendgrid([sendgridEvent('e-2')]));
  expect(world.metrics).toContain('SentTwice unexpected');
});

test('an event that fails does not affect the other events of its post, and each event is queued once', async () => {
  const world = givenWorld();
  const posted = fromSendgrid(['a', 'b', 'c', 'd'].map((id) => sendgridEvent(id)));
  let calls = 0;
  world.fault = (service) => {
    if (service === 'queue' && ++calls === 2) throw new Error('no');
  };

  expect(await world.post(posted)).toMatchObject({ status: 500 });
  expect(world.queued).toHaveLength(3);
  expect(await world.post(posted)).toMatchObject({ status: 200 });

  expect(
    world
      .events()
      .map(({ providerEventId }) => providerEventId)
      .toSorted(),
  ).toEqual(['a', 'b', 'c', 'd']);
});

test('with half of the writes failing no event is lost once the provider has repeated its posts', async () => {
  const world = givenWorld();
  let seed = 1;
  world.fault = (service) => {
    seed = (seed * 48_271) % 2_147_483_647;
    if (service === 'add' && seed % 2 === 0) throw new Error('no');
  };
  const posts = Array.from({ length: 200 }, (_, n) => fromMailgun(mailgunEvent(`e-${n}`, `order-${n}`)));

  for (const post of posts) while ((await world.post(post)).status !== 200);

  expect(new Set(world.events().map(({ id }) => id)).size).toBe(200);
  expect(world.lists.items.size).toBe(200);
});

test('an event of an unknown type is kept, counted, and answered 200', async () => {
  const world = givenWorld();

  expect(await world.post(fromMailgun(mailgunEvent('e-1', 'order-1', { event: 'teleported' })))).toMatchObject({
    status: 200,
  });

  expect(world.events()).toMatchObject([{ type: 'other', reason: 'unknown', submissionId: 'order-1' }]);
  expect(world.metrics).toContain('DeliveryEvents mailgun unknown');
  expect(world.log.join()).toContain('teleported');
});

test('an event without a known submission reaches the queue without one', async () => {
  const world = givenWorld();

  await world.post(fromMailgun(mailgunEvent('e-1', 'order-1', { 'user-variables': {} })));

  expect(world.events()[0]).not.toHaveProperty('submissionId');
});

test('an event of a canary is not put on the events queue', async () => {
  const world = givenWorld();

  const event = mailgunEvent('e-1', 'mailover-canary:postmark:1');
  expect(await world.post(fromMailgun(event))).toMatchObject({ status: 200 });

  expect(world.queued).toEqual([]);
});

test.each([
  ['a wrong key at Mailgun', () => fromMailgun(mailgunEvent('e'), { key: 'guess' }), 401],
  ['an old signature', () => fromMailgun(mailgunEvent('e'), { at: NOW - 25 * HOUR }), 401],
  ['a signature of the future', () => fromMailgun(mailgunEvent('e'), { at: NOW + HOUR }), 401],
  ['a wrong password at Postmark', () => fromPostmark({ RecordType: 'Delivery' }, 'guess'), 401],
  ['a foreign source', () => ({ ...fromPostmark({ RecordType: 'Delivery' }), sourceIp: '198.51.100.1' }), 401],
  [
    'a foreign key at SendGrid',
    () =>
      fromSendgrid([sendgridEvent('e')], { privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }),
    401,
  ],
  ['a changed body at SendGrid', () => ({ ...fromSendgrid([sendgridEvent('e')]), body: Buffer.from('[]') }), 401],
  ['no signature at SendGrid', () => ({ ...fromSendgrid([sendgridEvent('e')]), headers: {} }), 401],
  ['a wrong path', () => ({ ...fromMailgun(mailgunEvent('e')), path: 'guess' }), 404],
  ['an unknown provider', () => ({ ...fromMailgun(mailgunEvent('e')), key: 'other' }), 404],
  ['a provider that publishes', () => ({ ...fromMailgun(mailgunEvent('e')), key: 'ses' }), 404],
])('%s is not taken', async (_, request, status) => {
  const world = givenWorld();

  expect(await world.post(request())).toMatchObject({ status });

  expect(world.queued).toEqual([]);
  expect(world.lists.items.size).toBe(0);
});

test.each([
  ['the previous key at Mailgun', () => fromMailgun(mailgunEvent('e'), { key: 'key-old' })],
  [
    'the previous password at Postmark',
    () => fromPostmark({ RecordType: 'Delivery', Recipient: 'a@b.example' }, 'old'),
  ],
  ['a signature of SendGrid that is hours old', () => fromSendgrid([sendgridEvent('e')], { at: NOW - 20 * HOUR })],
])('%s is taken', async (_, request) => {
  const world = givenWorld();

  expect(await world.post(request())).toMatchObject({ status: 200 });

  expect(world.queued).toHaveLength(1);
});

test('a used token with another event is not taken', async () => {
  const world = givenWorld();
  const token = 't'.repeat(50);

  await world.post(fromMailgun(mailgunEvent('e-1'), { token }));
  const answer = await world.post(fromMailgun(mailgunEvent('e-2'), { token }));

  expect(answer.status).toBe(401);
  expect(world.queued).toHaveLength(1);
});

test.each([
  ['received mail', () => fromPostmark({ RecordType: 'Inbound' }), 422],
  ['no event', () => fromMailgun({ any: 1 }), 200],
  [
    'a body of more than 1 MB',
    () => ({ ...fromMailgun(mailgunEvent('e')), body: Buffer.alloc(MAX_BODY_BYTES + 1) }),
    413,
  ],
])('%s is counted, and is answered with a status that prevents useless retries', async (_, request, status) => {
  const world = givenWorld();

  expect(await world.post(request())).toMatchObject({ status });

  expect(world.metrics).toEqual([expect.stringMatching(/^EventRequests \w+ unusable$/)]);
});

test('a time-out is answered 500 by the function itself', async () => {
  const world = givenWorld();
  world.lists.list = () => new Promise(() => {});

  expect(await world.post(fromMailgun(mailgunEvent('e')), 5)).toMatchObject({ status: 500 });
});

test('a notification of SES becomes one event for each recipient; a notification without an event stays on the queue', async () => {
  const world = givenWorld();
  const encode = (text: string) => [Buffer.from(text).toString('base64url')];
  const { 'mailover-id': handle, 'mailover-submission': id } = referenceFor('order-1');
  const bounce = {
    eventType: 'Delivery',
    mail: {
      messageId: 'ses-1',
      destination: ['a@x.example'],
      tags: { 'mailover-id': [handle], 'mailover-submission': encode(id) },
    },
    delivery: { timestamp: '2026-11-29T12:00:00Z', recipients: ['a@x.example', 'b@x.example'] },
  };

  await world.publish(bounce);
  await world.publish(bounce);
  await expect(world.publish({ any: 1 })).rejects.toThrow('not an event');

  expect(world.events().map(({ recipient, submissionId }) => [recipient, submissionId])).toEqual([
    ['a@x.example', 'order-1'],
    ['b@x.example', 'order-1'],
  ]);
});

test('a hard bounce and a complaint suppress the address, and their events say so; a block and a full mailbox do not', async () => {
  const world = givenWorld();
  const bounce = (id: string, recipient: string, code: number, message: string) =>
    fromMailgun(
      mailgunEvent(id, 'order-1', {
        event: 'failed',
        severity: 'permanent',
        reason: 'bounce',
        recipient,
        'delivery-status': { code, message },
      }),
    );

  await world.post(bounce('1', 'gone@example.org', 550, '5.1.1 User unknown'));
  await world.post(bounce('2', 'full@example.org', 552, '5.2.2 Mailbox full'));
  await world.post(bounce('3', 'blocked@example.org', 550, '5.7.1 Message rejected by policy'));
  await world.post(fromMailgun(mailgunEvent('4', 'order-1', { event: 'complained', recipient: 'angry@example.org' })));
  await world.post(bounce('5', 'gone@example.org', 550, '5.1.1 User unknown'));

  const recipients = ['gone', 'full', 'blocked', 'angry'].map((name) => `${name}@example.org`);
  expect([...(await world.suppressions.find(recipients)).keys()]).toEqual(['gone@example.org', 'angry@example.org']);
  expect(world.events().map(({ suppressed }) => suppressed)).toEqual([true, undefined, undefined, true, undefined]);
});

test('hard bounces and complaints count for their class, once for each mail and recipient', async () => {
  const world = givenWorld();
  const bounced = (id: string, submission?: string) =>
    mailgunEvent(id, submission, {
      event: 'failed',
      severity: 'permanent',
      reason: 'bounce',
      'delivery-status': { code: 550 },
    });
  await world.post(fromMailgun(mailgunEvent('e-1')));
  await world.post(fromMailgun(bounced('e-2')));
  await world.post(fromMailgun(bounced('e-3')));
  await world.post(fromMailgun(bounced('e-4', 'order-2')));
  await world.post(fromMailgun(mailgunEvent('e-5', 'order-2', { event: 'complained' })));

  const counts = await readHour(world.lists, Math.floor(NOW / HOUR));
  expect(counts.get('receipts')).toEqual(new Map([['mailgun', { mails: 0, bounces: 2, complaints: 1 }]]));
});

test('a provider that bounces all of its mail is doubted: its later bounces suppress no address', async () => {
  const world = givenWorld();
  const bounce = (n: number) =>
    fromMailgun(
      mailgunEvent(`m-${n}`, `order-${n}`, {
        event: 'failed',
        severity: 'permanent',
        reason: 'bounce',
        recipient: `a${n}@example.org`,
        'delivery-status': { code: 550, message: '5.1.1 unknown user' },
      }),
      { at: world.now },
    );
  for (let n = 0; n < 30; n += 1) {
    await world.post(bounce(n));
    world.now += 20_000;
  }

  expect(world.events().filter(({ suppressed }) => suppressed)).toHaveLength(19);
  expect(world.events()).toHaveLength(30);
  expect(world.metrics.filter((one) => one === 'SuppressionsWithheld mailgun')).toHaveLength(11);
  expect((await world.suppressions.find(['a0@example.org', 'a29@example.org'])).size).toBe(1);
});
