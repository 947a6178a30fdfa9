import { changeItem } from '../platform/change-item.ts';
import type { Item, Table } from '../platform/table.ts';
import type { AddressHashes } from './hash.ts';
import type { Subscription } from './unsubscribe-token.ts';

/** An item of a recipient that unsubscribed from a class. */
export interface Unsubscribed {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Key of the provider that reported it, or `mailover` for a link of Mailover's own. */
  readonly source: string;
  /** Its event is on the events queue. */
  readonly reported?: true;
  /** Time of the newest unsubscribe since: only a later removal ends it. */
  readonly again?: number;
}

/** Addresses that unsubscribed, by class. */
export interface Unsubscribes {
  /**
   * Adds a subscription that ended; returns its item. One that is there keeps its time and source, and notes a newer time. One that
   * is older than its removal is not added.
   */
  add(one: Subscription, item: Unsubscribed): Promise<Unsubscribed>;
  /** Notes that its event is on the events queue. */
  markReported(one: Subscription): Promise<void>;
  /** Removes it, with `before` only one from before that time; false if there was none. */
  remove(one: Subscription, before?: number): Promise<boolean>;
}

/** `provider` and source of what happens at Mailover itself. */
export const OWN_SOURCE = 'mailover';

/**
 * Time for which a removal is remembered, since the older news that it ended may come later: providers repeat their posts for up to
 * three days, and queues keep messages for 14.
 */
const REMOVED_S = 30 * 24 * 3_600;

/** Key of the item of an address, by its hash, and a class. */
export function unsubscribedKey(hash: string, name: string): string {
  return `unsubscribed/${hash}/${name}`;
}

/** The entry of an item; undefined if it was removed. */
export function unsubscribedIn(item: Item | undefined): Unsubscribed | undefined {
  return item === undefined || item['removed'] !== undefined ? undefined : (item as Item & Unsubscribed);
}

/** The list of unsubscribes in the state table; it has hashes of addresses only, and no end. */
export function unsubscribes(table: Table, hashes: AddressHashes, now: () => number): Unsubscribes {
  const keysOf = async ({ address, class: name }: Subscription) =>
    (await hashes(address)).map((hash) => unsubscribedKey(hash, name)) as [string, ...string[]];
  return {
    async add(one, item) {
      const [pk, ...older] = await keysOf(one);
      let place = pk;
      for (const key of older) if (decides(await table.get(key), item)) place = key;
      const stored = await changeItem(table, place, (current) => {
        if (!decides(current, item)) return item;
        const known = unsubscribedIn(current);
        return known && newest(known) < item.at ? { ...known, again: item.at } : undefined;
      });
      return unsubscribedIn(stored) ?? item;
    },
    async markReported(one) {
      // Also an item that was written before a rotation.
      for (const pk of await keysOf(one))
        await changeItem(table, pk, (current) => {
          const known = unsubscribedIn(current);
          return known && !known.reported ? { ...known, reported: true } : undefined;
        });
    },
    async remove(one, before = Number.POSITIVE_INFINITY) {
      let removed = false;
      const [pk, ...older] = await keysOf(one);
      const at = Math.min(before, now());
      // The table has no deletes: the item stays for a while, as removed.
      const gone = { removed: at, expires: Math.floor(now() / 1000) + REMOVED_S };
      for (const key of [pk, ...older])
        await changeItem(table, key, (current) => {
          const known = unsubscribedIn(current);
          if (known && newest(known) < before) {
            removed = true;
            return gone;
          }
          // Where there is none, the one that this removal ended may come later.
          const isLatest = !known && ((current as Removed | undefined)?.removed ?? 0) < at;
          return key === pk && isLatest ? gone : undefined;
        });
      return removed;
    },
  };
}

/** Item of a subscription whose end was removed; epoch milliseconds. */
type Removed = Item & { readonly removed?: number };

/** Whether an item leaves no place for another unsubscribe: it is one itself, or a later removal. */
function decides(current: Item | undefined, { at }: Unsubscribed): boolean {
  return current !== undefined && ((current as Removed).removed ?? Number.POSITIVE_INFINITY) > at;
}

function newest({ at, again = at }: Unsubscribed): number {
  return again;
}
