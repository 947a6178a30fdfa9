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
}

/** Addresses that unsubscribed, by class. */
export interface Unsubscribes {
  /** Adds a subscription that ended; returns its item, which stays as it is if there was one. */
  add(one: Subscription, item: Unsubscribed): Promise<Unsubscribed>;
  /** Notes that its event is on the events queue. */
  markReported(one: Subscription): Promise<void>;
  /** Removes it; false if it was not there. */
  remove(one: Subscription): Promise<boolean>;
}

/** `provider` and source of what happens at Mailover itself. */
export const OWN_SOURCE = 'mailover';

const DAY_S = 24 * 3_600;

/** Key of the item of an address, by its hash, and a class. */
export function unsubscribedKey(hash: string, name: string): string {
  return `unsubscribed/${hash}/${name}`;
}

/** The entry of an item; undefined if it was removed. */
export function unsubscribedIn(item: Item | undefined): Unsubscribed | undefined {
  return item === undefined || item['removed'] ? undefined : (item as Item & Unsubscribed);
}

/** The list of unsubscribes in the state table; it has hashes of addresses only, and no end. */
export function unsubscribes(table: Table, hashes: AddressHashes, now: () => number): Unsubscribes {
  const keysOf = async ({ address, class: name }: Subscription) =>
    (await hashes(address)).map((hash) => unsubscribedKey(hash, name)) as [string, ...string[]];
  const change = async (pk: string, next: (current: Unsubscribed | undefined) => object | undefined) =>
    unsubscribedIn(await changeItem(table, pk, (current) => next(unsubscribedIn(current))));
  return {
    async add(one, item) {
      const [pk, ...older] = await keysOf(one);
      for (const key of older) {
        const known = unsubscribedIn(await table.get(key));
        if (known) return known;
      }
      return (await change(pk, (current) => (current ? undefined : item))) ?? item;
    },
    async markReported(one) {
      // Also an item that was written before a rotation.
      for (const pk of await keysOf(one))
        await change(pk, (current) => (!current || current.reported ? undefined : { ...current, reported: true }));
    },
    async remove(one) {
      let removed = false;
      for (const pk of await keysOf(one)) {
        // The table has no deletes: the item stays for a day, as removed.
        const gone = { removed: true, expires: Math.floor(now() / 1000) + DAY_S };
        await change(pk, (current) => {
          removed ||= current !== undefined;
          return current && gone;
        });
      }
      return removed;
    },
  };
}
