import type { Clock } from '../platform/clock.ts';
import type { Item, Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { PATIENCE_MS } from './circuit-store.ts';
import { type Lane, promise, type RateState, reserve, unused } from './rate.ts';

/** Key of the item with the slots of a provider. */
const rateKey = (provider: string) => `rate/${provider}`;

/** What the limiter of a provider needs. */
export interface LimiterContext {
  readonly provider: string;
  /** Calls per real second, over all workers. */
  readonly perSecond: number;
  /**
   * Calls per real second of all providers that would accept mail now, including its own.
   * @default - the rate of this provider
   */
  readonly together?: () => number;
  readonly table: Table;
  readonly clock: Clock;
  readonly random: () => number;
}

/** `at`: call at this time. `away`: there is no slot soon; return after this many milliseconds. */
export type RateSlot =
  | { readonly kind: 'at'; readonly at: number }
  | { readonly kind: 'away'; readonly afterMs: number };

/** A slot may be used up to this many milliseconds after its time. */
export const LATE_MS = 25;

/** How long messages are gathered before slots are reserved, in milliseconds. */
const GATHER_MS = 5;

/** Most slots that a busy worker reserves in advance, for its next batch. */
const MOST_AHEAD = 10;

const MAX_CONFLICTS = 6;

/** How long a worker limits its rate by itself after the table did not answer. */
const PAUSE_MS = 1_000;

/** Least wait of messages that lost every race for a slot, in milliseconds; at most twice as long. */
const AWAY_MS = 2_000;

const KEEP_MS = 24 * 3_600_000;

/** Keeps calls to one provider within its rate: reserves slots in the table for several messages at once. */
export class Limiter {
  readonly #context: LimiterContext;
  readonly #lanes: Readonly<Record<Lane, LaneState>> = { fresh: new LaneState(), backlog: new LaneState() };
  #item: Item | undefined;
  #state: RateState;
  #contended = false;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(context: LimiterContext) {
    this.#context = context;
    this.#state = unused(context.perSecond);
  }

  /** Reserves a slot for one message. Never throws. */
  async take(lane: Lane): Promise<RateSlot> {
    const own = this.#lanes[lane];
    const spare = own.spare(this.#context.clock.now() - LATE_MS);
    if (spare !== undefined) return { kind: 'at', at: spare };
    const slot = new Promise<RateSlot>((resolve) => own.waiting.push(resolve));
    if (!own.reserving) void this.#reserve(lane);
    return slot;
  }

  async #reserve(lane: Lane): Promise<void> {
    const own = this.#lanes[lane];
    own.reserving = true;
    while (own.waiting.length > 0) {
      // The messages of a batch arrive within some milliseconds: one write is enough for all of them.
      await this.#context.clock.sleep(GATHER_MS);
      const { slots, waits } = await this.#ask(lane, own);
      for (const at of slots) {
        const mail = own.waiting.shift();
        if (mail) mail({ kind: 'at', at });
        else own.spares.push(at);
      }
      for (const afterMs of waits) own.waiting.shift()?.({ kind: 'away', afterMs });
    }
    own.reserving = false;
  }

  /** Reserves slots for all waiting messages; those without a slot get a time to return. */
  async #ask(lane: Lane, own: LaneState): Promise<{ slots: readonly number[]; waits: readonly number[] }> {
    const { perSecond, together = () => perSecond, clock, random } = this.#context;
    let answer: { slots: readonly number[]; waits: readonly number[] } = { slots: [], waits: [] };
    const wanted = own.waiting.length;
    const change = (before: RateState): RateState => {
      const now = clock.now();
      const { state, slots } = reserve(before, lane, wanted + own.ahead, perSecond, now);
      const left = wanted - slots.length;
      if (left <= 0) {
        answer = { slots, waits: [] };
        return state;
      }
      const promised = promise(state, left, now, random, together());
      answer = { slots, waits: promised.waits };
      return promised.state;
    };
    const written = await this.#write(change);
    if (written === 'silent') this.#state = change(this.#state);
    if (written === 'lost') return { slots: [], waits: Array.from({ length: wanted }, () => AWAY_MS * (1 + random())) };
    return answer;
  }

  /**
   * Changes the shared state. `silent`: the table does not answer, and this worker limits its rate by itself. `lost`: too
   * many other workers write, and no message may go without a slot.
   */
  async #write(change: (state: RateState) => RateState): Promise<'done' | 'silent' | 'lost'> {
    const { provider, perSecond, table, clock } = this.#context;
    if (Math.abs(clock.now() - this.#failedAt) < PAUSE_MS) return 'silent';
    const pk = rateKey(provider);
    try {
      // Where other workers write too, a read costs less than a conflicting write.
      if (this.#contended) this.#item = await within(PATIENCE_MS, table.get(pk), clock);
      for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts += 1) {
        const state = change(readState(this.#item, perSecond));
        const expires = Math.ceil((clock.now() + KEEP_MS) / 1_000);
        const item = { ...this.#item, pk, state, expires };
        const written = await within(PATIENCE_MS, table.write(item, this.#item?.rev), clock);
        this.#item = written.done ? written.item : written.current;
        if (!written.done) this.#contended = true;
        if (!written.done) continue;
        this.#state = state;
        return 'done';
      }
      return 'lost';
    } catch {
      this.#failedAt = clock.now();
      return 'silent';
    }
  }
}

/** Waiting messages and spare slots of one lane in this worker. */
class LaneState {
  /** Messages that wait for a slot. */
  readonly waiting: ((slot: RateSlot) => void)[] = [];
  /** Reserved slots without a message, earliest first. */
  readonly spares: number[] = [];
  reserving = false;
  /** How many slots are reserved in advance: more while all are used, none after some expired unused. */
  ahead = 0;

  /** Takes a spare slot whose time is `earliest` or later. */
  spare(earliest: number): number | undefined {
    const past = this.spares.findIndex((at) => at >= earliest);
    const lapsed = this.spares.splice(0, past < 0 ? this.spares.length : past).length;
    const slot = this.spares.shift();
    if (lapsed > 0) this.ahead = 0;
    else if (this.spares.length === 0) this.ahead = Math.min(MOST_AHEAD, Math.max(1, 2 * this.ahead));
    return slot;
  }
}

function readState(item: Item | undefined, perSecond: number): RateState {
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
