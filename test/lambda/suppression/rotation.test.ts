import { expect, test } from 'vitest';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { unsubscribedIn, unsubscribes } from '../../../lambda/suppression/unsubscribes.ts';
import { verifiedRecipients } from '../../../lambda/suppression/verified.ts';
import { memoryTable } from '../../support/memory-table.ts';

const NOW = 1_800_000_000_000;
const ADA = { address: 'ada@example.org', class: 'news' };

function given() {
  const world = { secret: { key: 'one' } as Readonly<Record<string, string>>, table: memoryTable() };
  const hashes = addressHashes({ read: async () => world.secret }, 'list');
  const now = () => NOW;
  return Object.assign(world, {
    list: unsubscribes(world.table, hashes, now),
    left: () => [...world.table.items.values()].filter((item) => unsubscribedIn(item)).length,
    recipients: verifiedRecipients(world.table, hashes, now),
  });
}

test('after a rotation of the key an unsubscribe keeps its item, so that its event is not repeated', async () => {
  const world = given();
  await world.list.add(ADA, { at: 1, source: 'mailover' });
  world.secret = { key: 'two', previousKey: 'one' };

  await world.list.markReported(ADA);
  expect(await world.list.add(ADA, { at: 2, source: 'mailover' })).toMatchObject({ at: 1, reported: true });
  expect(world.table.items.size).toBe(1);
});

test('after a rotation of the key an unsubscribe is removed, and may be added again', async () => {
  const world = given();
  await world.list.add(ADA, { at: 1, source: 'mailover' });
  world.secret = { key: 'two', previousKey: 'one' };

  expect([await world.list.remove(ADA), await world.list.remove(ADA)]).toEqual([true, false]);
  expect(await world.list.add(ADA, { at: NOW, source: 'mailover' })).toMatchObject({ at: NOW });
  expect(world.left()).toBe(1);
});

test('after a rotation of the key an older unsubscribe or removal changes nothing', async () => {
  const world = given();
  await world.list.add(ADA, { at: 3, source: 'postmark' });
  world.secret = { key: 'two', previousKey: 'one' };

  expect(await world.list.remove(ADA, 2)).toBe(false);
  expect(world.left()).toBe(1);
  expect(await world.list.remove(ADA, 5)).toBe(true);
  await world.list.add(ADA, { at: 4, source: 'postmark' });
  expect(world.left()).toBe(0);
});

test('after a rotation of the key a recipient is still verified', async () => {
  const world = given();
  expect(await world.recipients.verify(ADA.address)).toBe(true);
  world.secret = { key: 'two', previousKey: 'one' };

  expect(await world.recipients.verify(ADA.address)).toBe(false);
  expect([...(await world.recipients.waiting([ADA.address], 's'))]).toEqual([]);
});
