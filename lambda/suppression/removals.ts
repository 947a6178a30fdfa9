import type { ListItem, ListTable } from '../platform/list-table.ts';
import type { AddressHashes } from './hash.ts';

/** An address that was removed from Mailover's suppression list, and must still be removed from a provider's own suppression list. */
interface PendingRemoval {
  readonly address: string;
  /** Records that the provider has removed the address. */
  done(): Promise<void>;
}

/**
 * Addresses that must be removed from the providers' own suppression lists. The addresses are stored, since a call to a provider
 * may fail, and a provider may allow only one call per second.
 */
export interface PendingRemovals {
  /** Stores that an address has to be removed from a provider's list, until the removal is done. */
  note(provider: string, address: string): Promise<void>;
  of(provider: string): Promise<readonly PendingRemoval[]>;
}

/** Stores pending removals in the lists table: one list for each provider, with the hash of the address as the sort key. */
export function pendingRemovals(
  lists: Pick<ListTable, 'put' | 'remove' | 'list'>,
  hashes: AddressHashes,
): PendingRemovals {
  const listOf = (provider: string) => `removing/${provider}`;
  return {
    async note(provider, address) {
      const [sk] = await hashes(address);
      await lists.put({ pk: listOf(provider), sk, address });
    },
    async of(provider) {
      const items = await lists.list(listOf(provider));
      return items.map(({ pk, sk, address }: ListItem) => ({
        address: String(address),
        done: async () => await lists.remove({ pk, sk }),
      }));
    },
  };
}
