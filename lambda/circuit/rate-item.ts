import type { Item } from '../platform/table.ts';
import { type Lane, type RateState, unused } from './rate.ts';

/** The reservations in an item; an item of unknown shape has none. */
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
    ...lanes(known.next),
    ...lanes(known.wanted),
  ];
  return numbers.every(Number.isFinite) ? known : fresh;
}

function lanes(value: Partial<Record<Lane, number>> | undefined): unknown[] {
  return [value?.fresh, value?.backlog];
}
