import type { ListItem, ListTable } from '../../lambda/platform/list-table.ts';

/** Lists in memory; `fault` is called before each operation and may throw. */
export function memoryLists(fault: (operation: 'has' | 'add' | 'list') => void = () => {}): ListTable & {
  readonly items: ReadonlyMap<string, ListItem>;
} {
  const items = new Map<string, ListItem>();
  const keyOf = ({ pk, sk }: { readonly pk: string; readonly sk: string }) => JSON.stringify([pk, sk]);
  return {
    items,
    async has(key) {
      fault('has');
      return items.has(keyOf(key));
    },
    async add(item) {
      fault('add');
      if (!items.has(keyOf(item))) items.set(keyOf(item), item);
    },
    async list(pk) {
      fault('list');
      return [...items.values()].filter((item) => item.pk === pk).toSorted((a, b) => (a.sk < b.sk ? -1 : 1));
    },
  };
}
