import { type Fate, fateOf } from './test-addresses.ts';

/** One piece of news about a mail to one recipient. */
export interface Step {
  readonly kind: 'accepted' | 'deferred' | 'delivered' | 'bounced' | 'complained' | 'listed';
  /** Milliseconds of stack time after the mail was accepted. */
  readonly afterMs: number;
  readonly fate: Fate;
}

// No provider publishes how long it takes; users see seconds.
const DELIVERY_MS = 2_000;
const COMPLAINT_MS = 4_000;
const SECOND_TRY_MS = 60_000;

/** What happens to a mail to this address, in order; `isListed`: the address is on the list of the provider. */
export function courseOf(address: string, isListed: boolean): readonly Step[] {
  const fate = fateOf(address);
  const step = (kind: Step['kind'], afterMs: number): Step => ({ kind, afterMs, fate });
  const accepted = step('accepted', 0);
  if (isListed || fate.kind === 'listed') return [accepted, step('listed', DELIVERY_MS)];
  switch (fate.kind) {
    case 'bounced':
      return [accepted, step('bounced', DELIVERY_MS)];
    case 'deferred':
      return [accepted, step('deferred', DELIVERY_MS), step('delivered', SECOND_TRY_MS)];
    case 'complained':
      return [accepted, step('delivered', DELIVERY_MS), step('complained', COMPLAINT_MS)];
    default:
      return [accepted, step('delivered', DELIVERY_MS)];
  }
}
