import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import { deliveriesOf } from '../../lambda/events/delivery.ts';
import { eventsOf, type KeptEvent } from '../../lambda/events/event-item.ts';
import type { ListTable } from '../../lambda/platform/list-table.ts';
import { type AddressHashes, addressHashes } from '../../lambda/suppression/hash.ts';
import { listsOf } from '../aws/dynamodb.ts';
import type { LocalSecrets } from '../aws/secrets.ts';

/** A delivery event in the API. */
type ShownEvent = Omit<KeptEvent, 'id' | 'recipient'> & { readonly recipient?: string };

/** What became of an accepted submission, as the API answers it. */
export interface ShownDeliveries {
  /** Events in the order of their times. */
  readonly events: readonly ShownEvent[];
  /** State of each recipient with news: `accepted`, `delivered`, `bounced`, `complained` and others. */
  readonly deliveries: readonly object[];
}

/** Reads what became of a submission for these recipients. */
export type ReadDeliveries = (submissionId: string, recipients: readonly string[]) => Promise<ShownDeliveries>;

/** Reads the lists of events, which have hashes of the addresses. */
export function deliveryReader(lists: Pick<ListTable, 'list'>, hashes: AddressHashes): ReadDeliveries {
  return async (submissionId, recipients) => {
    const kept = await eventsOf(lists, submissionId);
    const addresses = new Map<string, string>();
    for (const address of recipients) for (const hash of await hashes(address)) addresses.set(hash, address);
    // Two hashes of one address, after a rotation of the key, are one recipient.
    const named = kept.map((event) => {
      const address = addresses.get(event.recipient ?? '');
      return address === undefined ? event : { ...event, recipient: address };
    });
    const shown = ({ id: _id, recipient = '', ...event }: KeptEvent): ShownEvent => ({
      ...event,
      ...(recipients.includes(recipient) && { recipient }),
    });
    return {
      events: named.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).map(shown),
      deliveries: Array.from(deliveriesOf(named).values(), ({ state, event }) => {
        const { type: _type, ...facts } = shown(event);
        return { state, ...facts };
      }),
    };
  };
}

/** Reads delivery events, without the faults that are set on their table; undefined if no provider has them. */
export function deliveriesIn(
  url: string,
  { listsTable, suppressionSecret }: SenderEnvironment,
  secrets: LocalSecrets,
): ReadDeliveries | undefined {
  if (listsTable === undefined || suppressionSecret === undefined) return undefined;
  const read = async (name: string) => secrets.values(name);
  return deliveryReader(listsOf(url, listsTable), addressHashes({ read }, suppressionSecret));
}
