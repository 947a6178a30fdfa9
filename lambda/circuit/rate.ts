/** Mail that has waited on a retry queue, and mail that has not. */
export type Lane = 'fresh' | 'backlog';

/**
 * Who may call a provider when, over all workers. A slot is one call; slots follow each other at the distance that the
 * rate demands, those of the two lanes in turn. Times are in epoch milliseconds.
 */
export interface RateState {
  /** Distance of the slots, in milliseconds. */
  readonly distance: number;
  /** When slot 0 is. */
  readonly origin: number;
  /** The first slot of each lane that nobody has: even numbers are fresh, odd ones backlog. */
  readonly next: Readonly<Record<Lane, number>>;
  /** The last slot that somebody has. */
  readonly last: number;
  /** When each lane last wanted slots. */
  readonly wanted: Readonly<Record<Lane, number>>;
  /** Mail that found no slot was told to come back one after the other, up to this time. */
  readonly promised: number;
}

/** Slots are given away this far ahead: nobody waits longer for one. */
export const HORIZON_MS = 2_000;

/** A lane that has wanted nothing for this long leaves its slots to the other one. */
const IDLE_MS = 3_000;

/** A slot that its lane has not claimed this shortly before its time goes to whoever wants it, or nobody would use it. */
const NEAR_MS = 150;

/** SQS delays no message for longer: mail is not told to come back later than that. */
const MOST_AWAY_MS = 900_000;

const OTHER = { fresh: 'backlog', backlog: 'fresh' } as const;

/** A provider that nobody has called yet. */
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

/** Gives a lane up to so many slots; fewer if there are no more within the horizon. */
export function reserve(
  before: RateState,
  lane: Lane,
  count: number,
  perSecond: number,
  now: number,
): { readonly state: RateState; readonly slots: readonly number[] } {
  const state = anchored(before, 1_000 / perSecond, now);
  const { distance, origin } = state;
  const first = Math.ceil((now - origin) / distance - ROUNDING);
  const next = { fresh: atLeast(state.next.fresh, first), backlog: atLeast(state.next.backlog, first) };
  const otherIsIdle = now - state.wanted[OTHER[lane]] > IDLE_MS;
  const slots: number[] = [];
  while (slots.length < count) {
    const borrowed = origin + next[OTHER[lane]] * distance;
    const own = origin + next[lane] * distance;
    const borrow = borrowed < own && (otherIsIdle || borrowed - now <= NEAR_MS);
    const at = borrow ? borrowed : own;
    if (at - now > HORIZON_MS) break;
    slots.push(at);
    next[borrow ? OTHER[lane] : lane] += 2;
  }
  const last = Math.max(state.last, ...slots);
  return { state: { ...state, next, last, wanted: { ...state.wanted, [lane]: now } }, slots };
}

/**
 * Tells so many mails that found no slot when to come back, in milliseconds from now: one after the other, as all providers
 * together can send them then (`perSecond`), since each of them is asked, and promises. Beyond a quarter of an hour they
 * come back spread over the second half of it.
 */
export function promise(
  state: RateState,
  count: number,
  now: number,
  random: () => number,
  perSecond: number = 1_000 / state.distance,
): { readonly state: RateState; readonly waits: readonly number[] } {
  // What comes back is backlog: it has half of the slots while there is fresh mail.
  const step = (now - state.wanted.fresh > IDLE_MS ? 1_000 : 2_000) / perSecond;
  let promised = state.promised - now > MOST_AWAY_MS ? now : Math.max(state.promised, now + HORIZON_MS / 2);
  const waits = Array.from({ length: count }, () => {
    if (promised + step - now > MOST_AWAY_MS) return (MOST_AWAY_MS * (1 + random())) / 2;
    promised += step;
    return promised - now;
  });
  return { state: { ...state, promised }, waits };
}

/** Slot times are multiples that floating point does not hit exactly. */
const ROUNDING = 1e-6;

/** Begins anew when all slots that were given away are past, so that the first mail after a pause goes at once. */
function anchored(state: RateState, distance: number, now: number): RateState {
  const sound = state.last - now <= HORIZON_MS + distance;
  const free = sound ? state.last + distance : now;
  if (sound && state.distance === distance && now < free) return state;
  return { ...state, distance, origin: Math.max(now, free), next: { fresh: 0, backlog: 1 }, last: free - distance };
}

/** The first number from `least` on that is even or odd as this one is. */
function atLeast(number: number, least: number): number {
  return number >= least ? number : least + ((least - number) % 2);
}
