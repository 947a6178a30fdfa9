import { changeItem } from '../platform/change-item.ts';
import type { Clock } from '../platform/clock.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Item, Table } from '../platform/table.ts';
import type { AddressIndex } from './addresses.ts';
import type { SuppressionEntry } from './entry.ts';
import { addressHashes } from './hash.ts';
import type { SuppressionReason } from './reason.ts';
import { unsubscribedIn, unsubscribedKey } from './unsubscribes.ts';

/** An entry of the list, or an unsubscribe from the class that was asked about. */
export type FoundEntry = Pick<SuppressionEntry, 'source' | 'at'> & {
  readonly reason: SuppressionReason | 'unsubscribed';
};

/** Days for which a hard bounce suppresses: the mailbox may exist again later. A complaint has no end. */
const HARD_BOUNCE_DAYS = 180;
const DAY_S = 24 * 3_600;
/** Most keys of one read. */
const KEYS_AT_A_TIME = 100;

/** The suppression list as the sender reads it. */
export interface SuppressionReader {
  /**
   * The entries of these addresses, by address; with a class also of those that unsubscribed from it, in the same read. Throws
   * if the list cannot be read.
   */
  find(addresses: readonly string[], unsubscribable?: string): Promise<ReadonlyMap<string, FoundEntry>>;
}

/** One list of suppressed addresses, for all providers. */
export interface Suppressions extends SuppressionReader {
  /**
   * Adds an address, and returns its entry: one that is there stays, unless the new reason is stronger. Undefined for one that is
   * over already, or is older than its removal.
   */
  add(address: string, entry: Omit<SuppressionEntry, 'expires'>): Promise<SuppressionEntry | undefined>;
  /** Removes an address; false if it was not listed. */
  remove(address: string): Promise<boolean>;
  /** Whether an address was removed after a time, in epoch milliseconds, and is not listed. */
  wasRemoved(address: string, after: number): Promise<boolean>;
}

/** An item of the state table: an entry, or the removal of one. */
type StoredEntry = Item & Partial<SuppressionEntry> & { readonly removed?: number };

/**
 * The suppression list in the state table. An address is listed by its HMAC-SHA-256, since a plain hash of an address can
 * be guessed; a copy of the table names no one.
 *
 * The secret has `key`, and `previousKey` after a rotation, by which older entries are still found.
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
      const leftKey = (hash: string) => (unsubscribable === undefined ? [] : [unsubscribedKey(hash, unsubscribable)]);
      const keyed = await Promise.all(addresses.map(async (address) => [address, await hashes(address)] as const));
      const all = keyed.flatMap(([, keys]) => keys.flatMap((key) => [keyOf(key), ...leftKey(key)]));
      const items = new Map<string, Item>();
      for (let from = 0; from < all.length; from += KEYS_AT_A_TIME)
        for (const [key, item] of await table.getAll(all.slice(from, from + KEYS_AT_A_TIME))) items.set(key, item);
      return new Map(
        keyed.flatMap(([address, keys]): [string, FoundEntry][] => {
          const entry = keys.map((key) => entryIn(items.get(keyOf(key)), clock.now())).find((one) => one !== undefined);
          if (entry) return [[address, entry]];
          const gone = keys.flatMap(leftKey).map((key) => unsubscribedIn(items.get(key)));
          const left = gone.find((one) => one !== undefined);
          return left ? [[address, { reason: 'unsubscribed', source: left.source, at: left.at }]] : [];
        }),
      );
    },
  };
}

/** The suppression list for the functions that change it; each address is also in the index. */
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
        // The index first: without its entry an address could not be listed or removed by hand.
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
          // The removal stays without an end, as a provider may keep its older entry: Postmark does, of complaints.
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

/** Whether an entry still suppresses; DynamoDB deletes what has expired within days. */
export function isOpen(
  { expires = Number.POSITIVE_INFINITY }: Pick<SuppressionEntry, 'expires'>,
  now: number,
): boolean {
  return expires > now / 1000;
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

/** The end of an entry by its reason: a provider's old hard bounce may be over already. */
export function withEnd(entry: Omit<SuppressionEntry, 'expires'>): SuppressionEntry {
  if (entry.reason !== 'hard-bounce') return entry;
  return { ...entry, expires: Math.floor(entry.at / 1000) + HARD_BOUNCE_DAYS * DAY_S };
}

/** A complaint outlasts every other reason; what an operator added has no end, so a hard bounce does not keep its place. */
const STRENGTH = { unsubscribed: 0, 'hard-bounce': 1, manual: 2, complaint: 3 } as const;

/** Whether an entry takes the place of another one. */
export function isStronger(one: Pick<FoundEntry, 'reason'>, other: Pick<FoundEntry, 'reason'>): boolean {
  return STRENGTH[one.reason] > STRENGTH[other.reason];
}
