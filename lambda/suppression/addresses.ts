import { defined } from '../platform/defined.ts';
import type { ListTable } from '../platform/list-table.ts';
import type { SuppressionEntry } from './entry.ts';

export interface SuppressedAddress extends SuppressionEntry {
  readonly address: string;
}

/** First characters of the hashes: the addresses are in 64 lists, so that none is hot. */
const SHARDS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * The addresses of the suppression list, by their hashes, for the operator and for the lists of the providers.
 *
 * They are apart from the entries that the sender reads, so that only the functions which need them may read them.
 */
export interface AddressIndex {
  /** Writes an address, in place of an older entry. */
  put(hash: string, entry: SuppressedAddress): Promise<void>;
  remove(hash: string): Promise<void>;
  /** All addresses from one of the lists on, list by list; `next` is the place of the one after it. */
  all(from?: number): AsyncGenerator<{ readonly addresses: readonly SuppressedAddress[]; readonly next: number }>;
}

const listOf = (hash: string): string => `suppressed/${hash.slice(0, 1)}`;

/** The index in the lists table. */
export function addressIndex(lists: Pick<ListTable, 'put' | 'remove' | 'list'>): AddressIndex {
  return {
    async put(hash, { address, reason, source, at, eventId, expires }) {
      await lists.put({
        pk: listOf(hash),
        sk: hash,
        address,
        reason,
        source,
        at,
        ...defined({ eventId, expires }),
      });
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
