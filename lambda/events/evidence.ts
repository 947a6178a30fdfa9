import type { ListTable } from '../platform/list-table.ts';
import type { AddressHashes } from '../suppression/hash.ts';
import { provesAcceptance } from './delivery.ts';
import { eventsOf } from './event-item.ts';

/**
 * The providers that provably accepted the mail for a recipient. For each provider key, the map contains the provider's message
 * id, or, if the event has no such id, the id of the event.
 */
type Acceptances = ReadonlyMap<string, string>;

/**
 * Returns proofs of acceptance by address, from the delivery events of a submission. An event counts even if it arrived
 * before the outcome of the attempt was known.
 */
export type Evidence = (
  submissionId: string,
  addresses: readonly string[],
) => Promise<ReadonlyMap<string, Acceptances>>;

/** Creates the function that reads proofs of acceptance from the stored lists of delivery events. */
export function eventEvidence(lists: Pick<ListTable, 'list'>, hashes: AddressHashes): Evidence {
  return async (submissionId, addresses) => {
    const proofs = (await eventsOf(lists, submissionId)).filter(provesAcceptance);
    if (proofs.length === 0) return new Map();
    const byHash = Map.groupBy(proofs, ({ recipient = '' }) => recipient);
    const found = await Promise.all(
      addresses.map(async (address) => {
        const events = (await hashes(address)).flatMap((hash) => byHash.get(hash) ?? []);
        const ids = events.map(({ provider, providerMessageId, id }) => [provider, providerMessageId ?? id] as const);
        return [address, new Map(ids)] as const;
      }),
    );
    return new Map(found.filter(([, ids]) => ids.size > 0));
  };
}
