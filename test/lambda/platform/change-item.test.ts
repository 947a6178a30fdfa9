import { expect, test } from 'vitest';
import { ContendedItemError, changeItem } from '../../../lambda/platform/change-item.ts';
import { ServiceError } from '../../../lambda/platform/service-failure.ts';
import { memoryTable } from '../../support/memory-table.ts';

const KEY = 'answered/a';

/** Creates a table in which another writer changes the item before each of the first `times` writes. */
function givenContention(times: number) {
  const table = memoryTable();
  let left = times;
  const write = table.write;
  const contended = {
    get: table.get,
    write: async (...args: Parameters<typeof write>) => {
      left -= 1;
      if (left >= 0) await write({ pk: KEY, others: times - left }, table.items.get(KEY)?.rev);
      return write(...args);
    },
  };
  return { table, contended };
}

test('an item is made, changed, and left as it is', async () => {
  const table = memoryTable();

  expect(await changeItem(table, KEY, () => ({ count: 1 }))).toMatchObject({ pk: KEY, rev: 1, count: 1 });
  expect(await changeItem(table, KEY, async (item) => ({ count: Number(item?.['count']) + 1 }))).toMatchObject({
    rev: 2,
    count: 2,
  });
  expect(await changeItem(table, KEY, () => undefined)).toMatchObject({ count: 2 });
  expect(table.writes).toBe(2);
});

test('a change is made again from what another writer put there', async () => {
  const { table, contended } = givenContention(4);
  const seen: unknown[] = [];

  await changeItem(contended, KEY, (item) => {
    seen.push(item?.['others']);
    return { ...item, mine: true };
  });

  expect(seen).toEqual([undefined, 1, 2, 3, 4]);
  expect(table.items.get(KEY)).toMatchObject({ others: 4, mine: true });
});

test('after five tries a change is given up, and nothing of it is written', async () => {
  const { table, contended } = givenContention(5);

  const failed = await changeItem(contended, KEY, () => ({ mine: true })).catch((error: unknown) => error);

  expect(failed).toBeInstanceOf(ContendedItemError);
  expect(failed).toBeInstanceOf(ServiceError);
  expect(table.items.get(KEY)).not.toHaveProperty('mine');
});

test('an error of the table, or of the change itself, is thrown as it is', async () => {
  const table = memoryTable();
  await expect(changeItem(table, KEY, () => Promise.reject(new Error('of the change')))).rejects.toThrow(
    'of the change',
  );
  table.behavior = 'fail';
  await expect(changeItem(table, KEY, () => ({}))).rejects.toThrow('does not answer');
});
