import type { Clock } from '../platform/clock.ts';
import type { Item, Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { type Asker, promise, type RateState, reserve, startingSoon } from './rate.ts';
import { readState } from './rate-item.ts';
import { isThrottled } from './throttled.ts';

/** Largest number of calls a second whose slots are in one item: more writes to it would often conflict. */
const MOST_PER_ITEM = 500;

/** Key of an item with slots of a provider. */
const rateKey = (provider: string, place: number) => `rate/${provider}${place === 0 ? '' : `/${place}`}`;

/** Dependencies of the limiter of a provider. */
export interface LimiterContext {
  readonly provider: string;
  /** Calls per real second, over all workers. */
  readonly perSecond: number;
  /** Largest number of workers at a time: each has an equal part of the rate while the table does not answer. */
  readonly workers: number;
  /**
   * Calls per real second of all providers that would accept mail now, including its own.
   * @default - the rate of this provider
   */
  readonly together?: () => number;
  readonly table: Table;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * `at`: call at this time, if `isValid` is true then. `away`: there is no slot soon; return after this many
 * milliseconds.
 */
export type RateSlot =
  | { readonly kind: 'at'; readonly at: number; readonly isValid: () => Promise<boolean> }
  | { readonly kind: 'away'; readonly afterMs: number };

/** A slot may be used up to this many milliseconds after its time. */
export const LATE_MS = 25;

/** How long messages are gathered before slots are reserved, in milliseconds. */
const GATHER_MS = 5;

/** Longest wait for an answer of the table, in milliseconds. */
const PATIENCE_MS = 1_000;

const MAX_CONFLICTS = 3;

/** Longest pause after the first conflict, in milliseconds; it grows by the same amount with each further conflict. */
const CONFLICT_MS = 20;

/**
 * Waits before the next try while the table throttles or other workers are faster, in milliseconds, times a random
 * factor from 0.5 to 1.5.
 */
const BUSY_MS = [50, 100, 400];

/** How long a worker leaves the table alone after it did not answer, in milliseconds. */
const PAUSE_MS = 1_000;

/** Longest wait for an answer of a table that has been silent, in milliseconds. */
const TRY_MS = 150;

/** Time without an answer of the table after which a worker uses its own part of the rate, in milliseconds. */
const SILENT_MS = 5_000;

/** Shortest wait of urgent mail, and of messages whose slots could not be reserved, in milliseconds; the longest is twice as long. */
const AWAY_MS = 2_000;

const KEEP_MS = 24 * 3_600_000;

/** Slots for some messages, and times after which others return. */
interface Answer {
  readonly slots: readonly number[];
  readonly waits: readonly number[];
  /** The slots are in this worker's own part of the rate. */
  readonly isOwn?: true;
}

/** Keeps calls to one provider within its rate: reserves slots in the table for several messages at once. */
export class Limiter {
  readonly #context: LimiterContext;
  readonly #lines: Readonly<Record<Asker, Line>> = {
    fresh: { waiting: [], reserving: false },
    backlog: { waiting: [], reserving: false },
    urgent: { waiting: [], reserving: false },
  };
  /** The items that share the rate. */
  readonly #shards: readonly Shard[];
  /** How long the last answer of the table took: slots begin when the next one is expected. */
  #answerMs = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** Time from which on the table has not answered; undefined if it answers. */
  #silentSince: number | undefined;
  /** Slots of this worker alone, while the table does not answer. */
  #own: RateState | undefined;

  constructor(context: LimiterContext) {
    this.#context = context;
    const { provider, perSecond } = context;
    const count = Math.ceil(perSecond / MOST_PER_ITEM);
    this.#shards = Array.from({ length: count }, (_, place) => ({
      pk: rateKey(provider, place),
      perSecond: perSecond / count,
      item: undefined,
      contended: false,
    }));
  }

  /** Reserves a slot for one message. Never throws. */
  async take(asker: Asker): Promise<RateSlot> {
    const own = this.#lines[asker];
    const slot = new Promise<RateSlot>((resolve) => own.waiting.push(resolve));
    if (!own.reserving) void this.#reserve(asker);
    return slot;
  }

  async #reserve(asker: Asker): Promise<void> {
    const { clock } = this.#context;
    const own = this.#lines[asker];
    own.reserving = true;
    while (own.waiting.length > 0) {
      // The messages of a batch arrive within some milliseconds: one write is enough for all of them.
      await clock.sleep(GATHER_MS);
      const { slots, waits, isOwn = false } = await this.#ask(asker, own.waiting.length);
      // Once the table answers again, the shared slots are all of the rate.
      const isValid = async () => !isOwn || this.#remainsSilent();
      // A slot whose time passed while the table answered is left unused, and its message asks again.
      const usable = slots.filter((at) => at >= clock.now() - LATE_MS);
      for (const at of usable) own.waiting.shift()?.({ kind: 'at', at, isValid });
      for (const afterMs of waits) own.waiting.shift()?.({ kind: 'away', afterMs });
    }
    own.reserving = false;
  }

  /** Reserves slots for `wanted` messages. Without an answer there is none: mail waits rather than exceed the rate. */
  async #ask(asker: Asker, wanted: number): Promise<Answer> {
    const { clock, random } = this.#context;
    if (await this.#remainsSilent()) return { ...this.#reserveOwn(asker, wanted), isOwn: true };
    // Other workers use their own parts until they ask for their next slot, and so notice that the table answers again.
    const afterMs = this.#own === undefined ? 0 : PAUSE_MS;
    this.#own = undefined;
    for (const busyMs of [...BUSY_MS, 0]) {
      const answer = await this.#reserveShared(asker, wanted, afterMs);
      if (answer === 'none') break;
      if (answer !== 'busy') return answer;
      await clock.sleep(busyMs * (0.5 + random()));
    }
    return { slots: [], waits: shortly(wanted, random) };
  }

  get #isSilent(): boolean {
    return this.#silentSince !== undefined && this.#context.clock.now() - this.#silentSince >= SILENT_MS;
  }

  get #isPaused(): boolean {
    return Math.abs(this.#context.clock.now() - this.#failedAt) < PAUSE_MS;
  }

  /**
   * Whether the table still does not answer; tries the table once a second. The message waits for the answer only as long as a healthy
   * table takes: otherwise each worker would use an own slot after the table answers again.
   */
  async #remainsSilent(): Promise<boolean> {
    const { table, clock } = this.#context;
    if (this.#isSilent && !this.#isPaused) {
      this.#failedAt = clock.now();
      const answer = this.#answer(table.get(this.#anyShard().pk)).catch(() => undefined);
      await Promise.race([answer, clock.sleep(TRY_MS)]);
    }
    return this.#isSilent;
  }

  /** Reserves slots in this worker's part of the rate while the table does not answer. */
  #reserveOwn(asker: Asker, wanted: number): Answer {
    const { perSecond, workers, clock, random } = this.#context;
    const part = perSecond / workers;
    this.#own ??= startingSoon(part, clock.now(), random);
    const { state, answer } = share(this.#own, asker, wanted, part, this.#together() / workers, clock.now(), random);
    this.#own = state;
    return answer;
  }

  /**
   * Reserves slots in the table that begin after `afterMs` milliseconds. `busy`: it throttles, or other workers are
   * faster. `none`: it does not answer.
   */
  async #reserveShared(asker: Asker, wanted: number, afterMs: number): Promise<Answer | 'busy' | 'none'> {
    const { table, clock, random } = this.#context;
    if (this.#isPaused) return 'none';
    const shard = this.#anyShard();
    const { pk, perSecond } = shard;
    try {
      for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts += 1) {
        // The random pause separates workers that conflicted, which would otherwise conflict again.
        await clock.sleep(conflicts * CONFLICT_MS * random());
        // Where other workers write too, a read costs less than a conflicting write.
        if (shard.contended) shard.item = await this.#answer(table.get(pk));
        const from = clock.now() + this.#answerMs + afterMs;
        const before = readState(shard.item, perSecond);
        const { state, answer } = share(
          before,
          asker,
          wanted,
          perSecond,
          this.#together() / this.#shards.length,
          from,
          random,
        );
        const expires = Math.ceil((clock.now() + KEEP_MS) / 1_000);
        const written = await this.#answer(table.write({ ...shard.item, pk, state, expires }, shard.item?.rev));
        shard.item = written.done ? written.item : written.current;
        if (written.done) return answer;
        shard.contended = true;
      }
      return 'busy';
    } catch (error) {
      if (isThrottled(error)) return 'busy';
      this.#failedAt = clock.now();
      this.#silentSince ??= clock.now();
      return 'none';
    }
  }

  /**
   * The answer of the table, if it comes soon. A late answer or a throttled call also shows that the table is
   * reachable.
   */
  async #answer<T>(call: Promise<T>): Promise<T> {
    const { clock } = this.#context;
    const begun = clock.now();
    const heard = () => {
      this.#answerMs = Math.min(PATIENCE_MS, Math.max(0, clock.now() - begun));
      this.#silentSince = undefined;
      this.#failedAt = Number.NEGATIVE_INFINITY;
    };
    call.then(heard, (error: unknown) => isThrottled(error) && heard());
    return within(PATIENCE_MS, call, clock);
  }

  #anyShard(): Shard {
    return this.#shards[Math.floor(this.#context.random() * this.#shards.length)] as Shard;
  }

  #together(): number {
    const { perSecond, together = () => perSecond } = this.#context;
    return together();
  }
}

/** One of the items that share the rate of a provider, as this worker last saw it. */
interface Shard {
  readonly pk: string;
  readonly perSecond: number;
  item: Item | undefined;
  /** Whether other workers write to it too. */
  contended: boolean;
}

/** Messages of one kind that wait for a slot. */
interface Line {
  readonly waiting: ((slot: RateSlot) => void)[];
  reserving: boolean;
}

/** Short waits for this number of messages. */
function shortly(count: number, random: () => number): number[] {
  return Array.from({ length: count }, () => AWAY_MS * (1 + random()));
}

/** Slots for some of `wanted` messages, and times to return for the others. */
function share(
  before: RateState,
  asker: Asker,
  wanted: number,
  perSecond: number,
  together: number,
  from: number,
  random: () => number,
): { readonly state: RateState; readonly answer: Answer } {
  const { state, slots } = reserve(before, asker, wanted, perSecond, from);
  const left = wanted - slots.length;
  if (left === 0) return { state, answer: { slots, waits: [] } };
  // What is promised to the backlog may be a quarter of an hour away.
  if (asker === 'urgent') return { state, answer: { slots, waits: shortly(left, random) } };
  const promised = promise(state, left, from, random, together);
  return { state: promised.state, answer: { slots, waits: promised.waits } };
}
