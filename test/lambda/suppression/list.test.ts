import { expect, test } from 'vitest';
import { addressIndex } from '../../../lambda/suppression/addresses.ts';
import { suppressionList } from '../../../lambda/suppression/list.ts';
import { memoryLists } from '../../support/memory-lists.ts';
import { memoryTable } from '../../support/memory-table.ts';

const ADA = 'ada@example.org';
const DAY = 86_400_000;
const START = Date.UTC(2026, 10, 29);

function givenList(secret: Record<string, string> = { key: 'one' }) {
  const table = memoryTable();
  const world = { now: START + 1, secret };
  const lists = memoryLists();
  const list = suppressionList(table, addressIndex(lists), { read: async () => world.secret } as never, 'list', {
    now: () => world.now,
    sleep: async () => {},
  } as never);
  return Object.assign(world, { list, table, lists });
}

const bounce = { reason: 'hard-bounce', source: 'ses', at: START } as const;
const complaint = { reason: 'complaint', source: 'postmark', at: START + 1 } as const;

test('an address is found in any spelling of letters, and no other one', async () => {
  const { list } = givenList();
  await list.add('Ada@Example.org', bounce);

  expect([...(await list.find([ADA, 'bob@example.org'])).keys()]).toEqual([ADA]);
});

test('the table has no address, and no hash of one that can be computed without the key', async () => {
  const one = givenList();
  const other = givenList({ key: 'two' });
  for (const { list } of [one, other]) await list.add(ADA, bounce);

  const keys = [one, other].map(({ table }) => [...table.items.keys()].find((key) => key.startsWith('suppression/')));
  expect(JSON.stringify([...one.table.items.values()])).not.toContain('ada');
  expect(keys[0]).not.toBe(keys[1]);
});

test('a hard bounce ends, a complaint does not', async () => {
  const world = givenList();
  await world.list.add(ADA, bounce);
  await world.list.add('bob@example.org', complaint);

  world.now += 179 * DAY;
  expect((await world.list.find([ADA, 'bob@example.org'])).size).toBe(2);
  world.now += 2 * DAY;
  expect([...(await world.list.find([ADA, 'bob@example.org'])).keys()]).toEqual(['bob@example.org']);
});

test('a complaint replaces a bounce, and a bounce never replaces a complaint', async () => {
  const { list } = givenList();

  expect((await list.add(ADA, bounce))?.reason).toBe('hard-bounce');
  expect((await list.add(ADA, { ...bounce, source: 'mailgun' }))?.source).toBe('ses');
  expect((await list.add(ADA, complaint))?.reason).toBe('complaint');
  expect((await list.add(ADA, bounce))?.reason).toBe('complaint');
});

test('an entry of an operator replaces a bounce, and is not replaced by one; it does not replace a complaint', async () => {
  const { list } = givenList();
  const manual = { reason: 'manual', source: 'eve', at: START } as const;
  await list.add(ADA, bounce);

  expect(await list.add(ADA, manual)).toEqual(manual);
  expect((await list.add(ADA, bounce))?.reason).toBe('manual');
  expect((await list.add(ADA, complaint))?.reason).toBe('complaint');
  expect((await list.add(ADA, manual))?.reason).toBe('complaint');
});

test('an address is removed, and may be listed again', async () => {
  const { list } = givenList();
  await list.add(ADA, bounce);

  expect([await list.remove(ADA), await list.remove(ADA)]).toEqual([true, false]);
  expect((await list.find([ADA])).size).toBe(0);
  await list.add(ADA, complaint);
  expect((await list.find([ADA])).get(ADA)?.reason).toBe('complaint');
});

test('the old entry of a provider does not list a removed address again, a later one does', async () => {
  const world = givenList();
  await world.list.add(ADA, bounce);
  world.now += DAY;
  await world.list.remove(ADA);

  expect(await world.list.add(ADA, { ...bounce, at: START })).toBeUndefined();
  expect(await world.list.wasRemoved(ADA, START)).toBe(true);
  world.now += DAY;
  expect(await world.list.add(ADA, { ...bounce, at: world.now })).toMatchObject({ reason: 'hard-bounce' });
});

test('a removed address stays removed for as long as a provider keeps its older entry', async () => {
  const world = givenList();
  await world.list.add(ADA, complaint);
  await world.list.remove(ADA);

  world.now += 400 * DAY;
  // This loop deletes expired items, as DynamoDB does.
  for (const [key, { expires = Number.POSITIVE_INFINITY }] of world.table.items)
    if (expires < world.now / 1000) world.table.items.delete(key);
  expect(await world.list.add(ADA, { ...complaint, at: START })).toBeUndefined();
});

test('a hard bounce that a provider listed half a year ago is over', async () => {
  const world = givenList();

  expect(await world.list.add(ADA, { ...bounce, at: world.now - 181 * DAY })).toBeUndefined();
  expect(await world.list.add(ADA, { ...complaint, at: world.now - 181 * DAY })).toMatchObject({ reason: 'complaint' });
});

test('only the index has addresses, those of the list and no other ones', async () => {
  const { list, lists } = givenList();
  await list.add(ADA, bounce);
  await list.add('bob@example.org', complaint);
  await list.remove(ADA);

  const found = [];
  for await (const { addresses } of addressIndex(lists).all()) found.push(...addresses);
  expect(found).toEqual([{ ...complaint, address: 'bob@example.org' }]);
});

test('after a rotation a bounced address is not listed twice, and its complaint is found by the new key', async () => {
  const world = givenList();
  await world.list.add(ADA, bounce);
  world.secret = { key: 'two', previousKey: 'one' };

  expect((await world.list.add(ADA, { ...bounce, source: 'mailgun' }))?.source).toBe('ses');
  await world.list.add(ADA, complaint);
  world.secret = { key: 'two' };
  expect((await world.list.find([ADA])).get(ADA)?.reason).toBe('complaint');
});

test('after a rotation entries of the previous key are found, and removed', async () => {
  const world = givenList();
  await world.list.add(ADA, bounce);
  world.secret = { key: 'two', previousKey: 'one' };

  expect((await world.list.find([ADA])).size).toBe(1);
  expect(await world.list.remove(ADA)).toBe(true);
  expect((await world.list.find([ADA])).size).toBe(0);
});

test('after a rotation a removal by the previous key is later than an older event, and earlier than a newer one', async () => {
  const world = givenList();
  await world.list.add(ADA, bounce);
  world.now += DAY;
  await world.list.remove(ADA);
  world.secret = { key: 'two', previousKey: 'one' };

  expect(await world.list.add(ADA, { ...bounce, at: START + 1 })).toBeUndefined();
  expect((await world.list.find([ADA])).size).toBe(0);
  expect(await world.list.add(ADA, { ...bounce, at: world.now })).toMatchObject({ reason: 'hard-bounce' });
});

test('an entry that another worker adds meanwhile stays, and its address is in the index', async () => {
  const { list, table, lists } = givenList();
  const write = table.write;
  table.write = async (item, expected) => {
    table.write = write;
    await list.add(ADA, complaint);
    return await write(item, expected);
  };

  expect((await list.add(ADA, bounce))?.reason).toBe('complaint');
  const found = [];
  for await (const { addresses } of addressIndex(lists).all()) found.push(...addresses);
  expect(found).toEqual([{ ...complaint, address: ADA }]);
});

test('a thousand addresses are found in reads of a hundred keys', async () => {
  const { list } = givenList();
  const all = Array.from({ length: 1_000 }, (_, n) => `a${n}@example.org`);
  await list.add('a999@example.org', bounce);

  expect([...(await list.find(all)).keys()]).toEqual(['a999@example.org']);
});

test('without a key the list fails, and says nothing wrong', async () => {
  const { list } = givenList({});

  await expect(list.find([ADA])).rejects.toThrow('malformed');
});
