import { changeItem } from '../platform/change-item.ts';
import type { Item, Table } from '../platform/table.ts';
import type { AddressHashes } from './hash.ts';

/** Addresses that a mail has reached, for classes that send one mail to an address until then. */
export interface VerifiedRecipients {
  /**
   * The addresses that have to wait: not verified, and another submission is their first mail. The others may be mailed; for
   * one that is not verified, this submission becomes the first mail. Throws if the table does not answer.
   */
  waiting(addresses: readonly string[], submissionId: string): Promise<ReadonlySet<string>>;
  /** Verifies an address; false if it was verified before. */
  verify(address: string): Promise<boolean>;
}

/** Days after which another submission may be the first mail: as long as a mail may wait. */
const FIRST_MAIL_DAYS = 14;
const DAY_S = 24 * 3_600;
/** Most keys of one read. */
const KEYS_AT_A_TIME = 100;

/** The item of an address: when it was verified, or which submission is its first mail. */
type Entry = { readonly verifiedAt: number } | { readonly firstMail: string; readonly expires: number };

/** Verified recipients in the state table, by keyed hashes of their addresses. */
export function verifiedRecipients(table: Table, hashes: AddressHashes, now: () => number): VerifiedRecipients {
  const keysFor = async (address: string) =>
    (await hashes(address)).map((hash) => `verified/${hash}`) as [string, ...string[]];
  const entryIn = (item: Item | undefined): Entry | undefined => {
    // DynamoDB deletes what has expired within days.
    if (!item || (item.expires ?? Number.POSITIVE_INFINITY) <= now() / 1000) return undefined;
    return item as Item & Entry;
  };
  /** Whether a submission is the first mail of an address, which nothing is known of. */
  const claim = async (pk: string, submissionId: string, found: Item | undefined): Promise<boolean> => {
    const expires = Math.floor(now() / 1000) + FIRST_MAIL_DAYS * DAY_S;
    const written = await table.write({ pk, firstMail: submissionId, expires }, found?.rev);
    return written.done || isOpen(entryIn(written.current), submissionId);
  };
  return {
    async waiting(addresses, submissionId) {
      const keyed = await Promise.all(addresses.map(async (address) => [address, await keysFor(address)] as const));
      const all = keyed.flatMap(([, keys]) => keys);
      const items = new Map<string, Item>();
      for (let from = 0; from < all.length; from += KEYS_AT_A_TIME)
        for (const [key, item] of await table.getAll(all.slice(from, from + KEYS_AT_A_TIME))) items.set(key, item);
      const held = await Promise.all(
        keyed.map(async ([address, keys]) => {
          const entry = keys.map((key) => entryIn(items.get(key))).find((one) => one !== undefined);
          const may = entry ? isOpen(entry, submissionId) : await claim(keys[0], submissionId, items.get(keys[0]));
          return may ? [] : [address];
        }),
      );
      return new Set(held.flat());
    },
    async verify(address) {
      const [pk, ...older] = await keysFor(address);
      for (const key of older) if ((await table.get(key))?.['verifiedAt'] !== undefined) return false;
      let isNew = false;
      await changeItem(table, pk, (current) => {
        isNew = current?.['verifiedAt'] === undefined;
        return isNew ? { verifiedAt: now() } : undefined;
      });
      return isNew;
    },
  };
}

/** Whether a submission may go to an address with this entry. */
function isOpen(entry: Entry | undefined, submissionId: string): boolean {
  return entry !== undefined && ('verifiedAt' in entry || entry.firstMail === submissionId);
}
