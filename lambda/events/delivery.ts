import type { EventType } from '../contract/event-enums.ts';
import type { KeptEvent } from './event-item.ts';

/** Delivery state of a mail for one recipient, according to the mail's delivery events. */
export type DeliveryState =
  | 'accepted'
  | 'deferred'
  | 'rejected'
  | 'suppressed'
  | 'delivered'
  | 'bounced'
  | 'complained';

/** Delivery state of one recipient, with the event that proves it. */
export interface Delivery {
  readonly state: DeliveryState;
  readonly event: KeptEvent;
}

/** Delivery state that each type of event proves. For example, `opened` proves `delivered`, since a mail that was opened has arrived. */
const PROVES: Readonly<Record<EventType, DeliveryState | undefined>> = {
  accepted: 'accepted',
  deferred: 'deferred',
  rejected: 'rejected',
  suppressed: 'suppressed',
  delivered: 'delivered',
  opened: 'delivered',
  clicked: 'delivered',
  unsubscribed: 'delivered',
  bounced: 'bounced',
  complained: 'complained',
  resubscribed: undefined,
  other: undefined,
};

/**
 * Ranks of the states in the events of one provider: a state replaces states of lower rank. A bounce may come after `delivered`,
 * since a server may accept a mail and return it later.
 */
const RANK: Readonly<Record<DeliveryState, number>> = {
  accepted: 1,
  deferred: 2,
  rejected: 3,
  suppressed: 4,
  delivered: 5,
  bounced: 6,
  complained: 7,
};

/**
 * Precedence of states if several providers report on the same recipient: the recipient has the first state of this list
 * that a provider reports.
 */
const FIRST: readonly DeliveryState[] = [
  'complained',
  'delivered',
  'bounced',
  'suppressed',
  'rejected',
  'deferred',
  'accepted',
];

/**
 * Returns the delivery state of a mail for each recipient, by the hash of the recipient's address. The state depends only on
 * the set of events. The order, repetition and delay of the events change nothing.
 */
export function deliveriesOf(events: readonly KeptEvent[]): ReadonlyMap<string, Delivery> {
  const byRecipient = Map.groupBy(
    events.filter((one) => one.recipient !== undefined),
    ({ recipient = '' }) => recipient,
  );
  const deliveries = new Map<string, Delivery>();
  for (const [recipient, ofRecipient] of byRecipient) {
    const atProviders = [...Map.groupBy(ofRecipient, ({ provider }) => provider).values()].flatMap(
      (one) => highestRanked(one, (state) => RANK[state]) ?? [],
    );
    const best = atProviders.toSorted((a, b) => FIRST.indexOf(a.state) - FIRST.indexOf(b.state) || earlier(a, b))[0];
    if (best) deliveries.set(recipient, best);
  }
  return deliveries;
}

/**
 * Whether an event proves that its provider took responsibility for the mail. A provider took no responsibility if it
 * rejected the mail, or if the recipient is on the provider's own suppression list.
 */
export function provesAcceptance({ type }: Pick<KeptEvent, 'type'>): boolean {
  const state = PROVES[type];
  return state !== undefined && state !== 'rejected' && state !== 'suppressed';
}

function highestRanked(events: readonly KeptEvent[], rank: (state: DeliveryState) => number): Delivery | undefined {
  return events
    .flatMap((event): Delivery[] => {
      const state = PROVES[event.type];
      return state === undefined ? [] : [{ state, event }];
    })
    .toSorted((a, b) => rank(b.state) - rank(a.state) || earlier(a, b))[0];
}

/**
 * Compares two deliveries with the same state: the delivery with the earlier event comes first. Events with the same time are
 * compared by id, so that the order is always the same.
 */
function earlier({ event: a }: Delivery, { event: b }: Delivery): number {
  return Date.parse(a.at) - Date.parse(b.at) || (a.id < b.id ? -1 : 1);
}
