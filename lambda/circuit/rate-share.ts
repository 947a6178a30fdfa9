import { type Asker, promise, type RateState, reserve } from './rate.ts';

/**
 * Shortest wait, in milliseconds, of urgent mail that got no slot, and of all mail if the table did not answer or the writes
 * conflicted. The longest of these waits is twice as long.
 */
const AWAY_MS = 2_000;

/**
 * The reserved slots (times of one call each) in epoch milliseconds, and the waits in milliseconds for the messages that got no
 * slot.
 */
export interface RateShare {
  readonly slots: readonly number[];
  readonly waits: readonly number[];
}

/** Returns short random waits, in milliseconds, for `count` messages that got no slot. */
export function shortWaits(count: number, random: () => number): number[] {
  return Array.from({ length: count }, () => AWAY_MS * (1 + random()));
}

/**
 * Reserves slots for as many of the `wanted` messages as possible, and returns waits for the remaining messages. `perSecond` is
 * the rate of these slots, `together` the rate of all available providers together, and `from` the earliest time of a slot in
 * epoch milliseconds.
 */
export function share(
  before: RateState,
  asker: Asker,
  wanted: number,
  perSecond: number,
  together: number,
  from: number,
  random: () => number,
): { readonly state: RateState; readonly answer: RateShare } {
  const { state, slots } = reserve(before, asker, wanted, perSecond, from);
  const left = wanted - slots.length;
  if (left === 0) return { state, answer: { slots, waits: [] } };
  // The waits of `promise` can be as long as a quarter of an hour. This is too long for urgent mail.
  if (asker === 'urgent') return { state, answer: { slots, waits: shortWaits(left, random) } };
  const promised = promise(state, left, from, random, together);
  return { state: promised.state, answer: { slots, waits: promised.waits } };
}
