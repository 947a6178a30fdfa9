import type { ListItem, ListTable } from '../platform/list-table.ts';
import type { AddressHashes } from './hash.ts';

/** A removal that a provider's own list has not followed yet. */
interface PendingRemoval {
  readonly address: string;
  /** Notes that it is done. */
  done(): Promise<void>;
}

/** Removals that are still to be made in the providers' own lists: a call may fail, and a provider may take one a second. */
export interface PendingRemovals {
  /** Notes one; it is kept until it is done. */
  note(provider: string, address: string): Promise<void>;
  of(provider: string): Promise<readonly PendingRemoval[]>;
}

/** The removals in the lists table: one list for each provider, by the hashes of the addresses. */
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
