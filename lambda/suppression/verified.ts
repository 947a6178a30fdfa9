import { changeItem } from '../platform/change-item.ts';
import { getMany, type Item, type Table } from '../platform/table.ts';
import type { AddressHashes } from './hash.ts';

/**
 * Verified addresses. In some classes of mail, an address gets only one mail until an event shows that a mail has reached the
 * address.
 */
export interface VerifiedRecipients {
  /**
   * Returns the addresses to which this submission cannot be sent yet, since they are not verified and another submission is
   * their first mail. The submission may be sent to all other addresses; for an address that is not verified, it becomes the
   * first mail. Throws if the table does not answer.
   */
  waiting(addresses: readonly string[], submissionId: string): Promise<ReadonlySet<string>>;
  /** Marks an address as verified; false if the address was verified before. */
  verify(address: string): Promise<boolean>;
}

/**
 * Number of days for which a submission stays the first mail of an address. After this time another submission may become the
 * first mail.
 */
const FIRST_MAIL_DAYS = 14;
const DAY_S = 24 * 3_600;

/**
 * The item of an address. It contains the time in epoch milliseconds at which the address was verified, or the submission id
 * of the first mail to the address.
 */
type VerificationItem = { readonly verifiedAt: number } | { readonly firstMail: string; readonly expires: number };

/** Stores verified recipients in the state table, under keyed hashes of their addresses. */
export function verifiedRecipients(table: Table, hashes: AddressHashes, now: () => number): VerifiedRecipients {
  const keysFor = async (address: string) =>
    (await hashes(address)).map((hash) => `verified/${hash}`) as [string, ...string[]];
  const itemIn = (item: Item | undefined): VerificationItem | undefined => {
    // The expiry is checked, since DynamoDB may delete an expired item only some days after its expiry.
    if (!item || (item.expires ?? Number.POSITIVE_INFINITY) <= now() / 1000) return undefined;
    return item as Item & VerificationItem;
  };
  /** Tries to make a submission the first mail of an address without a valid item; false if another submission was faster. */
  const claim = async (pk: string, submissionId: string, found: Item | undefined): Promise<boolean> => {
    const expires = Math.floor(now() / 1000) + FIRST_MAIL_DAYS * DAY_S;
    const written = await table.write({ pk, firstMail: submissionId, expires }, found?.rev);
    return written.done || isOpen(itemIn(written.current), submissionId);
  };
  return {
    async waiting(addresses, submissionId) {
      const keyed = await Promise.all(addresses.map(async (address) => [address, await keysFor(address)] as const));
      const all = keyed.flatMap(([, keys]) => keys);
      const items = await getMany(table, all);
      const held = await Promise.all(
        keyed.map(async ([address, keys]) => {
          const item = keys.map((key) => itemIn(items.get(key))).find((one) => one !== undefined);
          const may = item ? isOpen(item, submissionId) : await claim(keys[0], submissionId, items.get(keys[0]));
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

/** Whether a submission may be sent to an address that has this item. */
function isOpen(item: VerificationItem | undefined, submissionId: string): boolean {
  return item !== undefined && ('verifiedAt' in item || item.firstMail === submissionId);
}
