import type { ListItem, ListTable } from '../../lambda/platform/list-table.ts';

/**
 * Makes a table in memory in place of the DynamoDB table for lists. `fault` is called before each addition and each listing. If
 * `fault` throws an error, the operation fails with this error.
 */
export function memoryLists(fault: (operation: 'add' | 'list') => void = () => {}): ListTable & {
  readonly items: ReadonlyMap<string, ListItem>;
} {
  const items = new Map<string, ListItem>();
  const keyOf = ({ pk, sk }: { readonly pk: string; readonly sk: string }) => JSON.stringify([pk, sk]);
  return {
    items,
    async add(item) {
      fault('add');
      if (!items.has(keyOf(item))) items.set(keyOf(item), item);
    },
    async put(item) {
      fault('add');
      items.set(keyOf(item), item);
    },
    async remove(key) {
      items.delete(keyOf(key));
    },
    async list(pk, prefix = '') {
      fault('list');
      return [...items.values()]
        .filter((item) => item.pk === pk && item.sk.startsWith(prefix))
        .toSorted((a, b) => (a.sk < b.sk ? -1 : 1));
    },
  };
}
