import type { Item } from '../platform/table.ts';
import { type QueueKind, type RateState, unused } from './rate.ts';

/**
 * Reads the slot reservations from an item of the table. If the item does not exist or its fields are not as expected, returns a
 * state without reservations.
 */
export function readState(item: Item | undefined, perSecond: number): RateState {
  const fresh = unused(perSecond);
  const state = item?.['state'];
  if (typeof state !== 'object' || state === null) return fresh;
  const known = { ...fresh, ...(state as Partial<RateState>) };
  const numbers = [
    known.distance,
    known.origin,
    known.last,
    known.promised,
    ...queueKinds(known.next),
    ...queueKinds(known.wanted),
  ];
  return numbers.every(Number.isFinite) ? known : fresh;
}

function queueKinds(value: Partial<Record<QueueKind, number>> | undefined): unknown[] {
  return [value?.fresh, value?.backlog];
}
