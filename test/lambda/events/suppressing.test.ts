import { expect, test } from 'vitest';
import { readHour } from '../../../lambda/reputation/hours.ts';
import { fromMailgun, givenWorld, mailgunEvent, NOW } from './world.ts';

const HOUR = 3_600_000;
const ADA = 'ada@example.org';
const BOUNCE = { event: 'failed', severity: 'permanent', reason: 'bounce', 'delivery-status': { code: 550 } };

test.each([BOUNCE, { event: 'complained' }, { event: 'unsubscribed' }, { event: 'delivered' }])(
  'an event of the test mode of Mailgun is kept, and has no effect on its recipient (%j)',
  async (more) => {
    const world = givenWorld();
    const event = mailgunEvent('e-1', 'order-1', { ...more, flags: { 'is-test-mode': true } });

    expect(await world.post(fromMailgun(event))).toMatchObject({ status: 200 });

    expect(world.events()).toMatchObject([{ type: 'other', reason: 'test', submissionId: 'order-1' }]);
    expect((await world.suppressions.find([ADA])).size).toBe(0);
    expect((await readHour(world.lists, Math.floor(NOW / HOUR))).size).toBe(0);
    expect(world.lists.items.size).toBe(1);
  },
);

test('a late bounce does not list an address that an operator removed since; a later one does', async () => {
  const world = givenWorld();
  const bounce = (id: string, at: number) => fromMailgun(mailgunEvent(id, id, { ...BOUNCE, timestamp: at / 1000 }));
  await world.post(bounce('first', NOW - HOUR));
  await world.suppressions.remove(ADA);

  expect(await world.post(bounce('late', NOW - 1_000))).toMatchObject({ status: 200 });
  expect((await world.suppressions.find([ADA])).size).toBe(0);
  world.now += HOUR;
  await world.post(bounce('later', NOW + 1_000));

  expect((await world.suppressions.find([ADA])).get(ADA)).toMatchObject({ reason: 'hard-bounce', at: NOW + 1_000 });
  expect(world.events().map(({ suppressed }) => suppressed)).toEqual([true, undefined, true]);
});

test('a bounce with a time in the future is listed with the present time', async () => {
  const world = givenWorld();

  await world.post(fromMailgun(mailgunEvent('e-1', 'order-1', { ...BOUNCE, timestamp: (NOW + HOUR) / 1000 })));

  expect((await world.suppressions.find([ADA])).get(ADA)).toMatchObject({ at: NOW });
});
