import type { EventType } from '../contract/event-words.ts';
import type { KeptEvent } from './event-item.ts';

/** What became of an accepted mail for one recipient, as far as its events say. */
export type DeliveryState =
  | 'accepted'
  | 'deferred'
  | 'rejected'
  | 'suppressed'
  | 'delivered'
  | 'bounced'
  | 'complained';

/** The newest news of one recipient. */
export interface Delivery {
  readonly state: DeliveryState;
  /** The event that says so. */
  readonly event: KeptEvent;
}

/** State that each type of event proves; a mail that was opened has arrived. */
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
 * Ranks at one provider: a state replaces those of lower rank. A bounce may come after `delivered`, since a server may take
 * a mail and return it later.
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
 * Precedence of states where several providers report on one recipient: the recipient has the first state of this list
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
 * What became of a mail for each recipient, by the hash of the address: a function of the set of events, so that their
 * order, repetitions and delays change nothing.
 */
export function deliveriesOf(events: readonly KeptEvent[]): ReadonlyMap<string, Delivery> {
  const byRecipient = Map.groupBy(
    events.filter((one) => one.recipient !== undefined),
    ({ recipient = '' }) => recipient,
  );
  const deliveries = new Map<string, Delivery>();
  for (const [recipient, those] of byRecipient) {
    const atProviders = [...Map.groupBy(those, ({ provider }) => provider).values()].flatMap(
      (one) => latest(one, (state) => RANK[state]) ?? [],
    );
    const best = atProviders.toSorted((a, b) => FIRST.indexOf(a.state) - FIRST.indexOf(b.state) || earlier(a, b))[0];
    if (best) deliveries.set(recipient, best);
  }
  return deliveries;
}

/**
 * Whether an event proves that its provider took responsibility for the mail. A provider that did not try has none, and one
 * with the recipient on its list would send nothing either.
 */
export function provesAcceptance({ type }: Pick<KeptEvent, 'type'>): boolean {
  const state = PROVES[type];
  return state !== undefined && state !== 'rejected' && state !== 'suppressed';
}

function latest(events: readonly KeptEvent[], rank: (state: DeliveryState) => number): Delivery | undefined {
  return events
    .flatMap((event): Delivery[] => {
      const state = PROVES[event.type];
      return state === undefined ? [] : [{ state, event }];
    })
    .toSorted((a, b) => rank(b.state) - rank(a.state) || earlier(a, b))[0];
}

/** Sorts events with one meaning by time; events of one time by id, so that the order is always the same. */
function earlier({ event: a }: Delivery, { event: b }: Delivery): number {
  return Date.parse(a.at) - Date.parse(b.at) || (a.id < b.id ? -1 : 1);
}
