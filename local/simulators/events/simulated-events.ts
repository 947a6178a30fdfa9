import { type Fate, fateOf } from './test-addresses.ts';

/** One delivery event of a mail to one recipient. */
export interface SimulatedEvent {
  readonly kind: 'accepted' | 'deferred' | 'delivered' | 'bounced' | 'complained' | 'listed';
  /** Time of the event after the provider accepted the mail, in milliseconds of stack time. */
  readonly afterMs: number;
  readonly fate: Fate;
}

// No provider publishes how long a delivery takes; usually a delivery takes seconds.
const DELIVERY_MS = 2_000;
const COMPLAINT_MS = 4_000;
const SECOND_TRY_MS = 60_000;

/** Returns the events of a mail to this address, in order. `isListed`: whether the address is on the provider's suppression list. */
export function simulatedEvents(address: string, isListed: boolean): readonly SimulatedEvent[] {
  const fate = fateOf(address);
  const courseEvent = (kind: SimulatedEvent['kind'], afterMs: number): SimulatedEvent => ({ kind, afterMs, fate });
  const accepted = courseEvent('accepted', 0);
  if (isListed || fate.kind === 'listed') return [accepted, courseEvent('listed', DELIVERY_MS)];
  switch (fate.kind) {
    case 'bounced':
      return [accepted, courseEvent('bounced', DELIVERY_MS)];
    case 'deferred':
      return [accepted, courseEvent('deferred', DELIVERY_MS), courseEvent('delivered', SECOND_TRY_MS)];
    case 'complained':
      return [accepted, courseEvent('delivered', DELIVERY_MS), courseEvent('complained', COMPLAINT_MS)];
    default:
      return [accepted, courseEvent('delivered', DELIVERY_MS)];
  }
}
