import { expect, test } from 'vitest';
import { givenWorld, mailgunMail, mailgunRequest, NOW, postmarkMail, postmarkRequest } from './world.ts';

const SENT = { pk: 'canary/own-mta', rev: 1, since: 1, sentSlot: 7 };

test('a canary that comes back over any provider is noted, and delivered like any mail', async () => {
  const world = givenWorld();
  world.table.items.set(SENT.pk, SENT);

  const headers: [string, string][] = [['X-Mailover-Id', 'mailover-canary:own-mta:7']];
  expect((await world.receive(mailgunRequest(mailgunMail({}, headers)))).status).toBe(200);

  expect(world.table.items.get(SENT.pk)).toMatchObject({ returnedAt: NOW, sentSlot: 7 });
  expect(world.messages()).toMatchObject([{ flags: ['loop'] }]);
});

test('mail of our own that is no canary notes nothing', async () => {
  const world = givenWorld();
  world.table.items.set(SENT.pk, SENT);

  const Headers = [{ Name: 'X-Mailover-Id', Value: 'order-1' }];
  expect((await world.receive(postmarkRequest(postmarkMail({ Headers })))).status).toBe(200);

  expect(world.table.items.get(SENT.pk)).toEqual(SENT);
});
