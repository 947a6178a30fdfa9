/** `backlog`: mail from a retry queue; `fresh`: first delivery. Their slots alternate. */
export type QueueKind = 'fresh' | 'backlog';

/** `urgent`: mail that soon expires; it may use the slots of both kinds of queue, and those behind all that were reserved for them. */
export type Asker = QueueKind | 'urgent';

/**
 * Reservations of calls to one provider, over all workers. A slot is one call; slots have the distance that the rate
 * requires and belong to the two kinds of queue in turn. Times are in epoch milliseconds.
 */
export interface RateState {
  /** Time between two slots, in milliseconds. */
  readonly distance: number;
  /** Time of slot 0. */
  readonly origin: number;
  /** The first free slot of each kind of queue: even numbers are fresh, odd ones backlog. */
  readonly next: Readonly<Record<QueueKind, number>>;
  /** Time of the last reserved slot. */
  readonly last: number;
  /** When each kind of queue last asked for slots. */
  readonly wanted: Readonly<Record<QueueKind, number>>;
  /** Messages without a slot were asked to return one after the other, up to this time. */
  readonly promised: number;
}

/** How far ahead slots are reserved, which is also the longest wait for one. */
export const HORIZON_MS = 2_000;

/** How far ahead slots are reserved for urgent mail: beyond {@link HORIZON_MS}, so that it gets the next slot when all before are taken. */
const urgentHorizonMs = (distance: number): number => HORIZON_MS + Math.min(3_000, Math.max(1_000, distance));

/** How far apart the clocks of two workers may be; slots further ahead come from a clock that was wrong. */
const CLOCK_MS = 1_000;

/** A kind of queue that has asked for nothing for this long leaves its slots to the other one. */
const IDLE_MS = 3_000;

/** A free slot this close to its time may be used by either kind, so that it is not wasted. */
const NEAR_MS = 150;

/** Longest time after which messages are asked to return: the longest delay of SQS. */
const MOST_AWAY_MS = 900_000;

/** Messages without a slot that are asked to return in each second, beyond those that can be sent in it. */
const MORE_PER_SECOND = 1;

const OTHER = { fresh: 'backlog', backlog: 'fresh' } as const;

/** State of a provider that was never called. */
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
 * State of a provider whose first slot is at a random time, so that workers which start together do not call at once.
 */
export function startingSoon(perSecond: number, now: number, random: () => number): RateState {
  const state = unused(perSecond);
  const origin = now + random() * state.distance;
  return { ...state, origin, last: origin - state.distance };
}

/** Reserves up to `count` slots; fewer if no more are free within the horizon. */
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
 * Times after which `count` messages without a slot should return, in milliseconds from now: from shortly before the
 * next free slot on, one after the other, at a rate of one a second more than all providers together (`perSecond`),
 * since each provider gives such times for its own messages. Without the additional message, a slot would often pass
 * with no message that asks for it. Above a quarter of an hour the times are spread over the second half of it.
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

/** Tolerance for slot times, which floating point does not hit exactly. */
const ROUNDING = 1e-6;

/** Restarts the numbering when all reserved slots are past, so that the first message after a pause goes at once. */
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
