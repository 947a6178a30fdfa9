import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import { deliveriesOf } from '../../lambda/events/delivery.ts';
import { eventsOf, type KeptEvent } from '../../lambda/events/event-item.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { ListTable } from '../../lambda/platform/list-table.ts';
import { type AddressHashes, addressHashes } from '../../lambda/suppression/hash.ts';
import { listsOf } from '../aws/dynamodb.ts';
import type { LocalSecrets } from '../aws/secrets.ts';

/** A delivery event in the form in which the API returns it. */
type ShownEvent = Omit<KeptEvent, 'id' | 'recipient'> & { readonly recipient?: string };

/**
 * The delivery events of an accepted submission and the delivery states of its recipients, in the form in which the API returns
 * them.
 */
export interface ShownDeliveries {
  /** The events, the oldest event first. */
  readonly events: readonly ShownEvent[];
  /**
   * Delivery state of each recipient about which there is an event: `accepted`, `delivered`, `bounced`, `complained` and others.
   */
  readonly deliveries: readonly object[];
}

/** Reads the delivery events of a submission, and derives the delivery states of the given recipients from these events. */
export type ReadDeliveries = (submissionId: string, recipients: readonly string[]) => Promise<ShownDeliveries>;

/**
 * Returns a function that reads delivery events from the table with lists. An event contains a hash of the recipient's address;
 * the function compares it with the hashes of the given recipients.
 */
export function deliveryReader(lists: Pick<ListTable, 'list'>, hashes: AddressHashes): ReadDeliveries {
  return async (submissionId, recipients) => {
    const kept = await eventsOf(lists, submissionId);
    const addresses = new Map<string, string>();
    for (const address of recipients) for (const hash of await hashes(address)) addresses.set(hash, address);
    // After a rotation of the hash key an address has two hashes. Events with either of the two hashes belong to the same
    // recipient.
    const named = kept.map((event) => {
      const address = addresses.get(event.recipient ?? '');
      return address === undefined ? event : { ...event, recipient: address };
    });
    const shown = ({ id: _id, recipient = '', ...event }: KeptEvent): ShownEvent => ({
      ...event,
      ...defined({ recipient: recipients.includes(recipient) ? recipient : undefined }),
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

/**
 * Returns a function that reads delivery events. Simulated faults do not apply to its calls. Returns undefined if no provider has
 * the option `events`.
 */
export function deliveriesIn(
  url: string,
  { listsTable, suppressionSecret }: SenderEnvironment,
  secrets: LocalSecrets,
): ReadDeliveries | undefined {
  if (listsTable === undefined || suppressionSecret === undefined) return undefined;
  const read = async (name: string) => secrets.values(name);
  return deliveryReader(listsOf(url, listsTable), addressHashes({ read }, suppressionSecret));
}
