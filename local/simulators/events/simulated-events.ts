import { type Fate, fateOf } from './test-addresses.ts';

/** One delivery event of a mail, for one recipient. */
export interface SimulatedEvent {
  readonly kind: 'accepted' | 'deferred' | 'delivered' | 'bounced' | 'complained' | 'listed';
  /**
   * Time from the acceptance of the mail until the event, in milliseconds by the clock of the local stack (which may run faster
   * than real time).
   */
  readonly afterMs: number;
  readonly fate: Fate;
}

// No provider publishes how long a delivery takes. Usually a delivery takes some seconds.
const DELIVERY_MS = 2_000;
const COMPLAINT_MS = 4_000;
const SECOND_TRY_MS = 60_000;

/**
 * Returns the delivery events of a mail to this address, in the order of time. `isListed`: whether the address is on the
 * provider's suppression list.
 */
export function simulatedEvents(address: string, isListed: boolean): readonly SimulatedEvent[] {
  const fate = fateOf(address);
  const eventOf = (kind: SimulatedEvent['kind'], afterMs: number): SimulatedEvent => ({ kind, afterMs, fate });
  const accepted = eventOf('accepted', 0);
  if (isListed || fate.kind === 'listed') return [accepted, eventOf('listed', DELIVERY_MS)];
  switch (fate.kind) {
    case 'bounced':
      return [accepted, eventOf('bounced', DELIVERY_MS)];
    case 'deferred':
      return [accepted, eventOf('deferred', DELIVERY_MS), eventOf('delivered', SECOND_TRY_MS)];
    case 'complained':
      return [accepted, eventOf('delivered', DELIVERY_MS), eventOf('complained', COMPLAINT_MS)];
    default:
      return [accepted, eventOf('delivered', DELIVERY_MS)];
  }
}
