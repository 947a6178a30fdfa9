import type { Clock } from '../platform/clock.ts';
import type { Item, Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { PATIENCE_MS } from './circuit-store.ts';
import { type Lane, promise, type RateState, reserve, unused } from './rate.ts';

/** The item that holds the slots of a provider. */
const rateKey = (provider: string) => `rate/${provider}`;

/** What the limiter of a provider needs. */
export interface LimiterContext {
  readonly provider: string;
  /** Calls in a real second, over all workers. */
  readonly perSecond: number;
  /** Calls in a real second of all providers that would take mail now, this one included. @default - of this one */
  readonly together?: () => number;
  readonly table: Table;
  readonly clock: Clock;
  readonly random: () => number;
}

/** `at`: go at this time. `away`: there is no slot soon; come back after so many milliseconds. */
export type RateSlot =
  | { readonly kind: 'at'; readonly at: number }
  | { readonly kind: 'away'; readonly afterMs: number };

/** A slot whose time has just passed may still be used. */
const LATE_MS = 25;

/** How long mails are gathered before slots are asked for, in milliseconds. */
const GATHER_MS = 5;

/** Slots that a busy worker asks for beyond those that its mail waits for: its next batch needs as many. */
const MOST_AHEAD = 10;

const MAX_CONFLICTS = 6;

/** After a table that did not answer this worker goes by what it knows itself for a while. */
const PAUSE_MS = 1_000;

/** Mail that lost every race for a slot comes back after so long, and up to twice that, in milliseconds. */
const AWAY_MS = 2_000;

const KEEP_MS = 24 * 3_600_000;

/** Keeps one provider within its rate: slots are reserved in the table for several mails at once, and handed out here. */
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

  /** Finds out when this mail may go. Never throws. */
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
      // The mails of a batch come within some milliseconds, and one write is enough for them.
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

  /** Slots for all who wait, and for those of them for whom there is none, when to come back. */
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
   * Changes the shared state. `silent`: the table does not answer, and this worker keeps to the rate by itself. `lost`: too many
   * others write, and nobody may go without a slot.
   */
  async #write(change: (state: RateState) => RateState): Promise<'done' | 'silent' | 'lost'> {
    const { provider, perSecond, table, clock } = this.#context;
    if (Math.abs(clock.now() - this.#failedAt) < PAUSE_MS) return 'silent';
    const pk = rateKey(provider);
    try {
      // Where other workers write too, a read before costs less than a write that meets theirs.
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

/** One lane of this worker. */
class LaneState {
  /** Mails that wait to be told. */
  readonly waiting: ((slot: RateSlot) => void)[] = [];
  /** Slots that no mail has yet, the next one first. */
  readonly spares: number[] = [];
  reserving = false;
  /** How many slots more than needed are asked for: more while all are used, none after some were not. */
  ahead = 0;

  /** A slot that is not past; its time must be `earliest` or later. */
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
