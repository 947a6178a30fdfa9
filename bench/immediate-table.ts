import type { Item, NewItem, Table, Written } from '../lambda/platform/table.ts';

/** Creates a state table in memory that answers immediately, so that a benchmark measures the product and not a database. */
export function immediateTable(): Table {
  const items = new Map<string, Item>();
  return {
    get: async (pk) => structuredClone(items.get(pk)),
    getAll: async (pks) => {
      const found = pks.map((pk) => items.get(pk)).filter((item) => item !== undefined);
      return new Map(found.map((item) => [item.pk, structuredClone(item)]));
    },
    write: async (item, expected) => writeTo(items, item, expected),
  };
}

/** Writes an item to the stored items, by the rules of `Table.write`. */
export function writeTo(items: Map<string, Item>, item: NewItem, expected: number | undefined): Written {
  const current = items.get(item.pk);
  if (current?.rev !== expected) return { done: false, current };
  // Undefined fields are not stored, as in DynamoDB.
  const stored = JSON.parse(JSON.stringify({ ...item, rev: (expected ?? 0) + 1 })) as Item;
  items.set(item.pk, stored);
  return { done: true, item: stored };
}
