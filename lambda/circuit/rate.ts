/**
 * Kind of queue from which mail comes. `backlog`: a retry queue. `fresh`: the outbound queue. The slots of the rate limit belong
 * alternately to the two kinds.
 */
export type QueueKind = 'fresh' | 'backlog';

/**
 * Kind of mail that asks for a slot. `urgent`: mail that expires soon, from any queue. It may use the slots of both kinds of
 * queue, and also later slots than other mail may reserve.
 */
export type Asker = QueueKind | 'urgent';

/**
 * Reservations of calls to one provider. A slot is the time of one call. The distance between two slots follows from the rate
 * limit. The slots belong alternately to the two kinds of queue. Times are in epoch milliseconds.
 */
export interface RateState {
  /** Time between two slots, in milliseconds. */
  readonly distance: number;
  /** Time of slot 0. */
  readonly origin: number;
  /**
   * Number of the first free slot for each kind of queue. The slots with even numbers belong to fresh mail, and the slots with
   * odd numbers to the backlog.
   */
  readonly next: Readonly<Record<QueueKind, number>>;
  /** Time of the last reserved slot. */
  readonly last: number;
  /** When each kind of queue last asked for slots. */
  readonly wanted: Readonly<Record<QueueKind, number>>;
  /** Latest time at which a message that got no slot was told to ask for a slot again. */
  readonly promised: number;
}

/** How far ahead slots are reserved, in milliseconds. This is also the longest wait for a slot. */
export const HORIZON_MS = 2_000;

/**
 * How far ahead slots are reserved for urgent mail, in milliseconds. It is further than {@link HORIZON_MS}, so that urgent mail
 * gets a slot even if all earlier slots are reserved.
 */
const urgentHorizonMs = (distance: number): number => HORIZON_MS + Math.min(3_000, Math.max(1_000, distance));

/**
 * Largest expected difference between the clocks of two workers, in milliseconds. If a slot is further in the future than this
 * difference explains, a worker with a wrong clock has reserved it.
 */
const CLOCK_MS = 1_000;

/** If one kind of queue has not asked for a slot for this time, in milliseconds, the other kind may use its slots. */
const IDLE_MS = 3_000;

/**
 * Time before a free slot, in milliseconds, in which both kinds of queue may reserve the slot, so that the slot does not stay
 * unused. Earlier, only the kind to which the slot belongs may reserve it.
 */
const NEAR_MS = 150;

/** Longest time, in milliseconds, after which a message without a slot is told to ask again. It is the longest delay of SQS. */
const MOST_AWAY_MS = 900_000;

/** Number of messages a second that are told to ask again, in addition to the number of messages that can be sent. */
const MORE_PER_SECOND = 1;

const OTHER = { fresh: 'backlog', backlog: 'fresh' } as const;

/** Returns the slot reservations of a provider that was never called. */
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
 * Returns slot reservations whose first slot is at a random time. Therefore workers that start at the same time do not all call
 * the provider at the same time.
 */
export function startingSoon(perSecond: number, now: number, random: () => number): RateState {
  const state = unused(perSecond);
  const origin = now + random() * state.distance;
  return { ...state, origin, last: origin - state.distance };
}

/** Reserves up to `count` slots. Reserves fewer slots if fewer are free in the time for which slots are reserved ahead. */
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
 * Returns the times, in milliseconds from now, after which `count` messages without a slot should ask for a slot again. The first
 * message asks again shortly before the next free slot. The next messages follow at the rate `perSecond`, which is the rate of
 * all available providers together: a message without a slot gets such a time from each provider, and asks again after the
 * shortest of these times. In each second, one more message asks again than can be sent, so that no slot stays unused. A time of
 * more than 15 minutes is replaced by a random time from 7.5 to 15 minutes.
 */
export function promise(
  state: RateState,
  count: number,
  now: number,
  random: () => number,
  perSecond: number = 1_000 / state.distance,
): { readonly state: RateState; readonly waits: readonly number[] } {
  // Messages that ask again come from a retry queue, so they are backlog. While there is fresh mail, the backlog gets half of the
  // slots.
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
 * Restarts the numbering of slots at the present time in three cases: all reserved slots are past (the first message after a
 * pause is sent immediately), the rate has changed, or the slots are so far ahead that a wrong clock must have set them.
 */
function anchored(state: RateState, distance: number, now: number): RateState {
  const sound = state.last - now <= urgentHorizonMs(distance) + distance + CLOCK_MS;
  const free = sound ? state.last + distance : now;
  if (sound && state.distance === distance && now < free) return state;
  return { ...state, distance, origin: Math.max(now, free), next: { fresh: 0, backlog: 1 }, last: free - distance };
}

/**
 * Returns `number` if it is at least `least`. Otherwise returns the smallest number from `least` on that is even or odd like
 * `number`.
 */
function atLeast(number: number, least: number): number {
  return number >= least ? number : least + ((least - number) % 2);
}
