import { changeItem } from '../platform/change-item.ts';
import type { Item, Table } from '../platform/table.ts';
import type { AddressHashes } from './hash.ts';
import type { Subscription } from './unsubscribe-token.ts';

/** Item for a recipient who unsubscribed from a class of mail. */
export interface Unsubscribed {
  /** Time of the unsubscribe, in epoch milliseconds. */
  readonly at: number;
  /** Key of the provider that reported the unsubscribe, or `mailover` for an unsubscribe link of Mailover. */
  readonly source: string;
  /** Present when the event for the unsubscribe is on the events queue. */
  readonly reported?: true;
  /**
   * Time of the newest repetition of the unsubscribe, in epoch milliseconds. A removal ends the unsubscribe only if the removal
   * is later than this time.
   */
  readonly again?: number;
}

/** The addresses that unsubscribed from each class of mail. */
export interface Unsubscribes {
  /**
   * Adds an unsubscribe, and returns its item. An existing item keeps its time and source, and a newer time is recorded in
   * `again`. An unsubscribe is not added if a removal of the same address and class is later.
   */
  add(one: Subscription, item: Unsubscribed): Promise<Unsubscribed>;
  /** Records that the event for the unsubscribe is on the events queue. */
  markReported(one: Subscription): Promise<void>;
  /**
   * Removes an unsubscribe; if `before` (epoch milliseconds) is given, only an unsubscribe that is older than this time. Returns
   * false if no unsubscribe was removed.
   */
  remove(one: Subscription, before?: number): Promise<boolean>;
}

/** Value of `provider` (in events) and of `source` (in unsubscribes) if Mailover itself is the origin, and not a provider. */
export const OWN_SOURCE = 'mailover';

/**
 * Number of seconds for which a removal is stored. A removal ends older unsubscribes, and the report of an older unsubscribe may
 * arrive after the removal: providers repeat their posts for up to three days, and queues keep messages for 14 days.
 */
const REMOVED_S = 30 * 24 * 3_600;

/** Returns the key of the item for the hash of an address and a class of mail (`name`). */
export function unsubscribedKey(hash: string, name: string): string {
  return `unsubscribed/${hash}/${name}`;
}

/** Returns the unsubscribe in an item; undefined if there is no item, or if the unsubscribe was removed. */
export function unsubscribedIn(item: Item | undefined): Unsubscribed | undefined {
  return item === undefined || item['removed'] !== undefined ? undefined : (item as Item & Unsubscribed);
}

/**
 * Stores unsubscribes in the state table, under hashes of the addresses. The item of an unsubscribe never expires; the item of a
 * removal expires after 30 days.
 */
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
      // Items that were written before a rotation of the key contain hashes with the previous key.
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
      // `Table` has no method that deletes items, so the item is marked as removed, and expires.
      const removal = { removed: at, expires: Math.floor(now() / 1000) + REMOVED_S };
      for (const key of [pk, ...older])
        await changeItem(table, key, (current) => {
          const known = unsubscribedIn(current);
          if (known && newest(known) < before) {
            removed = true;
            return removal;
          }
          // If there is no unsubscribe, the removal is stored nevertheless: an older unsubscribe, which the removal ends,
          // may be reported later.
          const isLatest = !known && ((current as Removed | undefined)?.removed ?? 0) < at;
          return key === pk && isLatest ? removal : undefined;
        });
      return removed;
    },
  };
}

/** Item of an unsubscribe that may have been removed, at the time `removed` in epoch milliseconds. */
type Removed = Item & { readonly removed?: number };

/**
 * Whether an item prevents an unsubscribe from being added: the item is an unsubscribe itself, or a removal that is later
 * than the new unsubscribe.
 */
function decides(current: Item | undefined, { at }: Unsubscribed): boolean {
  return current !== undefined && ((current as Removed).removed ?? Number.POSITIVE_INFINITY) > at;
}

function newest({ at, again = at }: Unsubscribed): number {
  return again;
}
