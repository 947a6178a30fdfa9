/** `backlog`: mail from a retry queue; `fresh`: first delivery. Their slots alternate. */
export type QueueKind = 'fresh' | 'backlog';

/** `urgent`: mail that expires soon; it may use the slots of both kinds of queue, and later slots than these two kinds may reserve. */
export type Asker = QueueKind | 'urgent';

/**
 * Reservations of calls to one provider, over all workers. A slot is the time of one call. The rate determines the distance between
 * slots. Slots belong alternately to the two kinds of queue. Times are in epoch milliseconds.
 */
export interface RateState {
  /** Time between two slots, in milliseconds. */
  readonly distance: number;
  /** Time of slot 0. */
  readonly origin: number;
  /** Number of the first free slot for each kind of queue. Fresh mail has the slots with even numbers, the backlog those with odd numbers. */
  readonly next: Readonly<Record<QueueKind, number>>;
  /** Time of the last reserved slot. */
  readonly last: number;
  /** When each kind of queue last asked for slots. */
  readonly wanted: Readonly<Record<QueueKind, number>>;
  /** Latest time at which a message without a slot was asked to return. */
  readonly promised: number;
}

/** How far ahead slots are reserved, which is also the longest wait for one. */
export const HORIZON_MS = 2_000;

/**
 * How far ahead slots are reserved for urgent mail: beyond {@link HORIZON_MS}, so that urgent mail gets a slot when all earlier
 * slots are reserved.
 */
const urgentHorizonMs = (distance: number): number => HORIZON_MS + Math.min(3_000, Math.max(1_000, distance));

/**
 * Largest expected difference between the clocks of two workers. A slot that is further ahead was reserved by a worker with a
 * wrong clock.
 */
const CLOCK_MS = 1_000;

/** Time after which a kind of queue that has not asked for a slot leaves its slots to the other kind. */
const IDLE_MS = 3_000;

/** Time before a free slot in which both kinds of queue may reserve the slot, so that it is not wasted. Earlier, only its own kind may. */
const NEAR_MS = 150;

/** Longest time after which messages are asked to return: the longest delay of SQS. */
const MOST_AWAY_MS = 900_000;

/** Number of messages a second that are asked to return, in addition to those that can be sent. */
const MORE_PER_SECOND = 1;

const OTHER = { fresh: 'backlog', backlog: 'fresh' } as const;

/** Slot reservations of a provider that was never called. */
export function unused(perSecond: number): RateState {
  const never = Number.MIN_SAFE_INTEGER;
  return {
    distance: 1_000 / perSecond,
    origin: never,
    next: { fresh: 0, backlog: 1 },
    last: never,
    wanted: { fresh: never, backlog: never },
    promised: never,
  };
}

/**
 * Slot reservations of a provider whose first slot is at a random time, so that workers which start together do not call at once.
 */
export function startingSoon(perSecond: number, now: number, random: () => number): RateState {
  const state = unused(perSecond);
  const origin = now + random() * state.distance;
  return { ...state, origin, last: origin - state.distance };
}

/** Reserves up to `count` slots; fewer if no more are free in the time for which slots are reserved ahead. */
export function reserve(
  before: RateState,
  asker: Asker,
  count: number,
  perSecond: number,
  now: number,
): { readonly state: RateState; readonly slots: readonly number[] } {
  const state = anchored(before, 1_000 / perSecond, now);
  const { distance, origin } = state;
  const first = Math.ceil((now - origin) / distance - ROUNDING);
  const next = { fresh: atLeast(state.next.fresh, first), backlog: atLeast(state.next.backlog, first) };
  const isUrgent = asker === 'urgent';
  const queueKind = isUrgent ? 'fresh' : asker;
  const horizonMs = isUrgent ? urgentHorizonMs(distance) : HORIZON_MS;
  const mayBorrow = isUrgent || now - state.wanted[OTHER[queueKind]] > IDLE_MS;
  const slots: number[] = [];
  while (slots.length < count) {
    const borrowed = origin + next[OTHER[queueKind]] * distance;
    const own = origin + next[queueKind] * distance;
    const borrow = borrowed < own && (mayBorrow || borrowed - now <= NEAR_MS);
    const at = borrow ? borrowed : own;
    if (at - now > horizonMs) break;
    slots.push(at);
    next[borrow ? OTHER[queueKind] : queueKind] += 2;
  }
  const last = Math.max(state.last, ...slots);
  const wanted = isUrgent ? state.wanted : { ...state.wanted, [queueKind]: now };
  return { state: { ...state, next, last, wanted }, slots };
}

/**
 * Times after which `count` messages without a slot should return, in milliseconds from now. The first message returns shortly
 * before the next free slot; the others follow at the rate of all providers together (`perSecond`), since a message gets such a
 * time from each provider, and returns after the shortest. So that no slot passes unused, one more message returns each second
 * than can be sent. A longer time than 15 minutes is replaced by a random time of 7.5 to 15 minutes.
 */
export function promise(
  state: RateState,
  count: number,
  now: number,
  random: () => number,
  perSecond: number = 1_000 / state.distance,
): { readonly state: RateState; readonly waits: readonly number[] } {
  // Returning messages are backlog: they get half of the slots while there is fresh mail.
  const sendable = now - state.wanted.fresh > IDLE_MS ? perSecond : perSecond / 2;
  const step = 1_000 / (sendable + MORE_PER_SECOND);
  const free = state.origin + Math.min(state.next.fresh, state.next.backlog) * state.distance;
  const first = Math.max(now, free - HORIZON_MS) + HORIZON_MS / 2;
  let promised = state.promised - now > MOST_AWAY_MS ? now : Math.max(state.promised, first);
  const waits = Array.from({ length: count }, () => {
    if (promised + step - now > MOST_AWAY_MS) return (MOST_AWAY_MS * (1 + random())) / 2;
    promised += step;
    return promised - now;
  });
  return { state: { ...state, promised }, waits };
}

/** Tolerance in the comparison of slot times, for rounding errors of floating point. */
const ROUNDING = 1e-6;

/**
 * Restarts the numbering of slots at the present time in three cases: all reserved slots are past (the first message after a pause
 * is sent at once), the rate has changed, or the slots are so far ahead that a wrong clock must have set them.
 */
function anchored(state: RateState, distance: number, now: number): RateState {
  const sound = state.last - now <= urgentHorizonMs(distance) + distance + CLOCK_MS;
  const free = sound ? state.last + distance : now;
  if (sound && state.distance === distance && now < free) return state;
  return { ...state, distance, origin: Math.max(now, free), next: { fresh: 0, backlog: 1 }, last: free - distance };
}

/** The smallest number from `least` on with the same parity as `number`; `number` itself if it is greater. */
function atLeast(number: number, least: number): number {
  return number >= least ? number : least + ((least - number) % 2);
}
