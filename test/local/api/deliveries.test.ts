import { expect, test } from 'vitest';
import { addressHashes } from '../../../lambda/suppression/hash.ts';
import { deliveryReader } from '../../../local/api/deliveries.ts';
import { memoryLists } from '../../support/memory-lists.ts';

test('events under two hashes of one address, after a rotation of the key, are of one recipient', async () => {
  const lists = memoryLists();
  const hashes = addressHashes({ read: async () => ({ key: 'two', previousKey: 'one' }) }, 'list');
  const [newer, older = ''] = await hashes('ada@example.org');
  const event = (hash: string, id: string, type: string, at: number) =>
    lists.add({ pk: 'event/order-1', sk: `${hash}/${id}`, provider: 'ses', type, at: new Date(at).toISOString() });
  await event(older, 'e1', 'accepted', 1);
  await event(newer, 'e2', 'delivered', 2);

  const { events, deliveries } = await deliveryReader(lists, hashes)('order-1', ['ada@example.org']);

  expect(events.map(({ type, recipient }) => `${type} ${recipient}`)).toEqual([
    'accepted ada@example.org',
    'delivered ada@example.org',
  ]);
  expect(deliveries).toEqual([expect.objectContaining({ state: 'delivered', recipient: 'ada@example.org' })]);
});

test('an event of an unknown recipient is shown without one', async () => {
  const lists = memoryLists();
  const hashes = addressHashes({ read: async () => ({ key: 'two' }) }, 'list');
  await lists.add({
    pk: 'event/order-1',
    sk: 'stranger/e1',
    provider: 'ses',
    type: 'opened',
    at: new Date(1).toISOString(),
  });

  const { events } = await deliveryReader(lists, hashes)('order-1', ['ada@example.org']);

  expect(events).toEqual([{ provider: 'ses', type: 'opened', at: new Date(1).toISOString() }]);
});
