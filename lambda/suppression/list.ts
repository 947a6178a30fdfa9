import type { Clock } from '../platform/clock.ts';
import type { Secrets } from '../platform/secrets.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { Item, Table } from '../platform/table.ts';
import { addressHashes } from './hash.ts';
import type { SuppressionReason } from './reason.ts';
import { unsubscribedIn, unsubscribedKey } from './unsubscribes.ts';

/** An address that must not be mailed. */
export interface SuppressionEntry {
  readonly reason: SuppressionReason;
  /** Key of the provider that reported it, or who of the operators added it. */
  readonly source: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Id of the delivery event that added it. */
  readonly eventId?: string;
  /** Epoch seconds after which the address may be mailed again; absent: never. */
  readonly expires?: number;
}

/** An entry of the list, or an unsubscribe from the class that was asked about. */
export type FoundEntry = Pick<SuppressionEntry, 'source' | 'at'> & {
  readonly reason: SuppressionReason | 'unsubscribed';
};

/** Days for which a hard bounce suppresses: the mailbox may exist again later. A complaint has no end. */
const HARD_BOUNCE_DAYS = 180;
const DAY_S = 24 * 3_600;
/** Most keys of one read. */
const KEYS_AT_A_TIME = 100;
const WRITE_TRIES = 5;

/** One list of suppressed addresses, for all providers. */
export interface Suppressions {
  /**
   * The entries of these addresses, by address; with a class also of those that unsubscribed from it, in the same read. Throws
   * if the list cannot be read.
   */
  find(addresses: readonly string[], unsubscribable?: string): Promise<ReadonlyMap<string, FoundEntry>>;
  /** Adds an address, and returns its entry: one that is there stays, unless the new reason is stronger. */
  add(address: string, entry: Omit<SuppressionEntry, 'expires'>): Promise<SuppressionEntry>;
  /** Removes an address; false if it was not listed. */
  remove(address: string): Promise<boolean>;
}

/**
 * The suppression list in the state table. An address is listed by its HMAC-SHA-256, since a plain hash of an address can
 * be guessed; a copy of the table names no one.
 *
 * After a rotation of the key, older entries are still found by the previous one.
 */
export function suppressionList(table: Table, secrets: Secrets, secretName: string, clock: Clock): Suppressions {
  const hashes = addressHashes(secrets, secretName);
  const keysFor = async (address: string): Promise<readonly [string, ...string[]]> => {
    const [first, ...others] = await hashes(address);
    return [`suppression/${first}`, ...others.map((hash) => `suppression/${hash}`)];
  };
  const entryIn = (item: Item | undefined): SuppressionEntry | undefined => {
    const entry = item as (Item & SuppressionEntry & { readonly removed?: true }) | undefined;
    // DynamoDB deletes what has expired within days.
    if (!entry || entry.removed || (entry.expires ?? Number.POSITIVE_INFINITY) <= clock.now() / 1000) return undefined;
    return entry;
  };
  return {
    async find(addresses, unsubscribable) {
      const keyed = await Promise.all(
        addresses.map(async (address) => {
          const keys = await keysFor(address);
          const left =
            unsubscribable === undefined
              ? []
              : (await hashes(address)).map((hash) => unsubscribedKey(hash, unsubscribable));
          return [address, keys, left] as const;
        }),
      );
      const all = keyed.flatMap(([, keys, left]) => [...keys, ...left]);
      const items = new Map<string, Item>();
      for (let from = 0; from < all.length; from += KEYS_AT_A_TIME)
        for (const [key, item] of await table.getAll(all.slice(from, from + KEYS_AT_A_TIME))) items.set(key, item);
      return new Map(
        keyed.flatMap(([address, keys, left]): [string, FoundEntry][] => {
          const entry = keys.map((key) => entryIn(items.get(key))).find((one) => one !== undefined);
          if (entry) return [[address, entry]];
          const gone = left.map((key) => unsubscribedIn(items.get(key))).find((one) => one !== undefined);
          return gone ? [[address, { reason: 'unsubscribed', source: gone.source, at: gone.at }]] : [];
        }),
      );
    },
    async add(address, entry) {
      const [pk] = await keysFor(address);
      const wanted: SuppressionEntry = {
        ...entry,
        ...(entry.reason === 'hard-bounce' && {
          expires: Math.floor(clock.now() / 1000) + HARD_BOUNCE_DAYS * DAY_S,
        }),
      };
      let current: Item | undefined;
      for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
        const known = entryIn(current);
        if (known && !isStronger(wanted, known)) return known;
        const written = await table.write({ pk, ...wanted }, current?.rev);
        if (written.done) return wanted;
        current = written.current;
      }
      throw new ServiceError('the suppression list was changed by others at every try');
    },
    async remove(address) {
      let removed = false;
      for (const pk of await keysFor(address)) {
        const current = await table.get(pk);
        if (current === undefined || entryIn(current) === undefined) continue;
        // The table has no deletes: the item stays for a day, as removed.
        const expires = Math.floor(clock.now() / 1000) + DAY_S;
        const written = await table.write({ pk, removed: true, expires }, current.rev);
        if (!written.done) throw new ServiceError('the entry was changed meanwhile; try again');
        removed = true;
      }
      return removed;
    },
  };
}

/** A complaint outlasts every other reason. */
function isStronger(one: SuppressionEntry, other: SuppressionEntry): boolean {
  return one.reason === 'complaint' && other.reason !== 'complaint';
}
