import { defined } from '../platform/defined.ts';
import type { ListTable } from '../platform/list-table.ts';
import type { SuppressionEntry } from './entry.ts';

export interface SuppressedAddress extends SuppressionEntry {
  readonly address: string;
}

/**
 * Possible first characters of a hash. The first character of its hash assigns an address to one of 64 lists, so that the reads
 * and writes are spread over the partitions of the table.
 */
const SHARDS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * Index of the addresses on the suppression list, by the hash of the address. Operators read the index, and it is compared
 * with the providers' own suppression lists.
 *
 * The items of the index are separate from the entries that are read before mail is sent. Therefore only functions that need
 * the addresses get permission to read the addresses.
 */
export interface AddressIndex {
  /** Writes the entry of an address, and replaces an older entry of this address. */
  put(hash: string, entry: SuppressedAddress): Promise<void>;
  remove(hash: string): Promise<void>;
  /**
   * Yields the addresses of one list after the other, from the list number `from` (0 to 63) on; `next` is the number of the
   * following list.
   */
  all(from?: number): AsyncGenerator<{ readonly addresses: readonly SuppressedAddress[]; readonly next: number }>;
}

const listOf = (hash: string): string => `suppressed/${hash.slice(0, 1)}`;

/** Creates the index of addresses, which is stored in the lists table. */
export function addressIndex(lists: Pick<ListTable, 'put' | 'remove' | 'list'>): AddressIndex {
  return {
    async put(hash, { address, reason, source, at, eventId, expires }) {
      const optional = defined({ eventId, expires });
      await lists.put({ pk: listOf(hash), sk: hash, address, reason, source, at, ...optional });
    },
    async remove(hash) {
      await lists.remove({ pk: listOf(hash), sk: hash });
    },
    async *all(from = 0) {
      for (let place = from; place < SHARDS.length; place += 1) {
        const items = await lists.list(listOf(SHARDS.charAt(place)));
        const addresses = items.map(({ sk: _sk, pk: _pk, ...entry }) => entry as object as SuppressedAddress);
        yield { addresses, next: place + 1 };
      }
    },
  };
}
