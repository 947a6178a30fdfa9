import { expect, test } from 'vitest';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { unsubscribes } from '../../../lambda/suppression/unsubscribes.ts';
import { verifiedRecipients } from '../../../lambda/suppression/verified.ts';
import { memoryTable } from '../../support/memory-table.ts';

const ADA = { address: 'ada@example.org', class: 'news' };

function given() {
  const world = { secret: { key: 'one' } as Readonly<Record<string, string>>, table: memoryTable() };
  const hashes = addressHashes({ read: async () => world.secret }, 'list');
  const now = () => 1_800_000_000_000;
  return Object.assign(world, {
    list: unsubscribes(world.table, hashes, now),
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
  expect(await world.list.add(ADA, { at: 2, source: 'mailover' })).toMatchObject({ at: 2 });
});

test('after a rotation of the key a recipient is still verified', async () => {
  const world = given();
  expect(await world.recipients.verify(ADA.address)).toBe(true);
  world.secret = { key: 'two', previousKey: 'one' };

  expect(await world.recipients.verify(ADA.address)).toBe(false);
  expect([...(await world.recipients.waiting([ADA.address], 's'))]).toEqual([]);
});
