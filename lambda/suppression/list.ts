import { changeItem } from '../platform/change-item.ts';
import type { Clock } from '../platform/clock.ts';
import type { Secrets } from '../platform/secrets.ts';
import { getMany, type Item, type Table } from '../platform/table.ts';
import type { AddressIndex } from './addresses.ts';
import type { SuppressionEntry } from './entry.ts';
import { addressHashes } from './hash.ts';
import type { SuppressionReason } from './reason.ts';
import { unsubscribedIn, unsubscribedKey } from './unsubscribes.ts';

/** Result of a search: an entry of the suppression list, or an unsubscribe from the class of mail for which the search was made. */
export type FoundEntry = Pick<SuppressionEntry, 'source' | 'at'> & {
  readonly reason: SuppressionReason | 'unsubscribed';
};

/**
 * Number of days for which a hard bounce suppresses an address. It is limited since the mailbox may exist again later. A
 * complaint never expires.
 */
const HARD_BOUNCE_DAYS = 180;
const DAY_S = 24 * 3_600;

/** Read access to the suppression list, for the check before mail is sent. */
export interface SuppressionReader {
  /**
   * Returns the entries of these addresses, by address. If a class of mail is given as `unsubscribable`, the same read also
   * finds unsubscribes from this class. Throws if the list cannot be read.
   */
  find(addresses: readonly string[], unsubscribable?: string): Promise<ReadonlyMap<string, FoundEntry>>;
}

/** One list of suppressed addresses, for all providers. */
export interface Suppressions extends SuppressionReader {
  /**
   * Adds an address, and returns its stored entry. An existing entry stays unless the reason of the new entry is stronger.
   * Returns undefined, and adds nothing, if the new entry has already expired, or is older than a removal of the address.
   */
  add(address: string, entry: Omit<SuppressionEntry, 'expires'>): Promise<SuppressionEntry | undefined>;
  /** Removes an address; false if the address was not on the list. */
  remove(address: string): Promise<boolean>;
  /** Whether an address was removed after a time in epoch milliseconds, and has not been added since. */
  wasRemoved(address: string, after: number): Promise<boolean>;
}

/**
 * An item of the state table. It contains an entry, or instead of an entry the field `removed`: the time in epoch
 * milliseconds at which an operator removed the address.
 */
type StoredEntry = Item & Partial<SuppressionEntry> & { readonly removed?: number };

/**
 * Creates read access to the suppression list in the state table, for the check before mail is sent. The key of an entry is the
 * HMAC-SHA-256 of its address, so that a copy of the table reveals no address. Without a key, a reader of the table could hash
 * known addresses, and compare these hashes with the stored hashes.
 *
 * The secret contains the field `key`, and after a rotation also the field `previousKey`, with which older entries are still
 * found.
 */
export function suppressionReader(
  table: Pick<Table, 'getAll'>,
  secrets: Secrets,
  secretName: string,
  clock: Clock,
): SuppressionReader {
  const hashes = addressHashes(secrets, secretName);
  return {
    async find(addresses, unsubscribable) {
      const unsubscribeKeys = (hash: string) =>
        unsubscribable === undefined ? [] : [unsubscribedKey(hash, unsubscribable)];
      const keyed = await Promise.all(addresses.map(async (address) => [address, await hashes(address)] as const));
      const all = keyed.flatMap(([, keys]) => keys.flatMap((key) => [keyOf(key), ...unsubscribeKeys(key)]));
      const items = await getMany(table, all);
      return new Map(
        keyed.flatMap(([address, keys]): [string, FoundEntry][] => {
          const entry = keys.map((key) => entryIn(items.get(keyOf(key)), clock.now())).find((one) => one !== undefined);
          if (entry) return [[address, entry]];
          const unsubscribes = keys.flatMap(unsubscribeKeys).map((key) => unsubscribedIn(items.get(key)));
          const unsubscribed = unsubscribes.find((one) => one !== undefined);
          return unsubscribed
            ? [[address, { reason: 'unsubscribed', source: unsubscribed.source, at: unsubscribed.at }]]
            : [];
        }),
      );
    },
  };
}

/**
 * Creates access to the suppression list for the functions that change the list. Each change of an address is also written to the
 * index of addresses.
 */
export function suppressionList(
  table: Table,
  index: Pick<AddressIndex, 'put' | 'remove'>,
  secrets: Secrets,
  secretName: string,
  clock: Clock,
): Suppressions {
  const hashes = addressHashes(secrets, secretName);
  return {
    ...suppressionReader(table, secrets, secretName, clock),
    async add(address, entry) {
      const [hash, ...older] = await hashes(address);
      const wanted = withEnd(entry);
      if (!isOpen(wanted, clock.now())) return undefined;
      const before = await Promise.all(older.map((key) => table.get(keyOf(key))));
      const open = before
        .map((item) => entryIn(item, clock.now()))
        .find((known) => known && !isStronger(wanted, known));
      if (open) return open;
      const isRemovedBefore = before.some((item) => wasRemovedAfter(item, wanted.at));
      let found: SuppressionEntry | undefined;
      let isIndexed = false;
      await changeItem(table, keyOf(hash), async (current) => {
        const known = entryIn(current, clock.now());
        const isRemoved = known === undefined && (isRemovedBefore || wasRemovedAfter(current, wanted.at));
        found = known && !isStronger(wanted, known) ? known : isRemoved ? undefined : wanted;
        // The index is written first: if only this write succeeded, the address would be listed but not suppressed. In the other
        // order, a suppressed address could be missing from the list that operators read.
        if (found === wanted || (found && isIndexed)) await index.put(hash, { ...found, address });
        isIndexed = true;
        return found === wanted ? wanted : undefined;
      });
      return found;
    },
    async remove(address) {
      let removed = false;
      for (const hash of await hashes(address)) {
        let isListed = false;
        await changeItem(table, keyOf(hash), (current) => {
          isListed = entryIn(current, clock.now()) !== undefined;
          // The record of the removal never expires, since a provider's own list may keep an older entry of the address.
          // Postmark keeps such entries for complaints.
          return isListed ? { removed: clock.now() } : undefined;
        });
        if (isListed) await index.remove(hash);
        removed ||= isListed;
      }
      return removed;
    },
    async wasRemoved(address, after) {
      const items = await Promise.all((await hashes(address)).map((hash) => table.get(keyOf(hash))));
      return items.some((item) => wasRemovedAfter(item, after));
    },
  };
}

/** Whether an entry has not expired. DynamoDB may delete an expired item only some days after its expiry. */
export function isOpen({ expires }: Pick<SuppressionEntry, 'expires'>, now: number): boolean {
  return expires === undefined || expires > now / 1000;
}

const keyOf = (hash: string): string => `suppression/${hash}`;

function entryIn(item: Item | undefined, now: number): SuppressionEntry | undefined {
  const stored = item as StoredEntry | undefined;
  return stored && stored.removed === undefined && isOpen(stored, now)
    ? (stored as Item & SuppressionEntry)
    : undefined;
}

function wasRemovedAfter(item: Item | undefined, after: number): boolean {
  return ((item as StoredEntry | undefined)?.removed ?? 0) > after;
}

/**
 * Returns the entry with its time of expiry: a hard bounce expires after `HARD_BOUNCE_DAYS`, possibly in the past; entries with
 * other reasons never expire.
 */
export function withEnd(entry: Omit<SuppressionEntry, 'expires'>): SuppressionEntry {
  if (entry.reason !== 'hard-bounce') return entry;
  return { ...entry, expires: Math.floor(entry.at / 1000) + HARD_BOUNCE_DAYS * DAY_S };
}

/** Strength of each reason. A complaint is the strongest. An operator's entry never expires, so it replaces a hard bounce. */
const STRENGTH = { unsubscribed: 0, 'hard-bounce': 1, manual: 2, complaint: 3 } as const;

/** Whether an entry replaces another entry of the same address. */
export function isStronger(one: Pick<FoundEntry, 'reason'>, other: Pick<FoundEntry, 'reason'>): boolean {
  return STRENGTH[one.reason] > STRENGTH[other.reason];
}
