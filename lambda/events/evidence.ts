import type { ListTable } from '../platform/list-table.ts';
import type { AddressHashes } from '../suppression/hash.ts';
import { provesAcceptance } from './delivery.ts';
import { eventsOf } from './event-item.ts';

/** Provider keys with a proof that they accepted the mail for a recipient, each with its message id or the event's. */
type Acceptances = ReadonlyMap<string, string>;

/** Proofs of acceptance in the delivery events of a submission, by address; also of events that came before the outcome. */
export type Evidence = (
  submissionId: string,
  addresses: readonly string[],
) => Promise<ReadonlyMap<string, Acceptances>>;

/** Reads the evidence from the lists of events. */
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
