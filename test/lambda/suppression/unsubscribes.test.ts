import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { unsubscribedIn, unsubscribes } from '../../../lambda/suppression/unsubscribes.ts';
import { memoryTable } from '../../support/memory-table.ts';

const ADA = { address: 'ada@example.org', class: 'news' };
const NOW = 1_800_000_000_000;
const DAY = 86_400_000;

function given() {
  const world = { now: NOW, table: memoryTable() };
  const list = unsubscribes(world.table, addressHashes({ read: async () => ({ key: 'k' }) }, 'list'), () => world.now);
  const item = () => [...world.table.items.values()][0];
  return Object.assign(world, { list, item, isLeft: () => unsubscribedIn(item()) !== undefined });
}

test('a resubscription does not end an unsubscribe that is newer, by a link or at a provider', async () => {
  const { list, isLeft } = given();
  await list.add(ADA, { at: NOW - 3_000, source: 'postmark', reported: true });
  await list.add(ADA, { at: NOW - 1_000, source: 'mailover' });

  expect(await list.remove(ADA, NOW - 2_000)).toBe(false);
  expect(isLeft()).toBe(true);
  expect(await list.remove(ADA, NOW)).toBe(true);
  expect(isLeft()).toBe(false);
});

test('a second unsubscribe keeps time and source of the first, and so the id of its event', async () => {
  const { list } = given();
  const first = { at: NOW - 3_000, source: 'mailover' };
  await list.add(ADA, first);

  expect(await list.add(ADA, { at: NOW, source: 'postmark' })).toMatchObject(first);
});

test.each([[NOW - 2_000], [undefined]])(
  'an unsubscribe from before a removal (%j) that comes days later does nothing',
  async (at) => {
    const world = given();
    await world.list.remove(ADA, at);
    world.now += 14 * DAY;

    await world.list.add(ADA, { at: NOW - 3_000, source: 'sendgrid' });

    expect(world.isLeft()).toBe(false);
    expect(Number(world.item()?.['expires'])).toBeGreaterThan(world.now / 1000);
  },
);

test('the newest change decides, in any order of changes; at the same time, the unsubscribe', async () => {
  const news = fc.record({ left: fc.boolean(), at: fc.integer({ min: NOW - 5, max: NOW }) });
  await fc.assert(
    fc.asyncProperty(fc.array(news, { minLength: 1, maxLength: 8 }), async (all) => {
      const { list, isLeft } = given();

      for (const { left, at } of all) await (left ? list.add(ADA, { at, source: 'postmark' }) : list.remove(ADA, at));

      const newest = (left: boolean) => Math.max(0, ...all.filter((one) => one.left === left).map(({ at }) => at));
      expect(isLeft()).toBe(newest(true) > 0 && newest(true) >= newest(false));
    }),
  );
});
