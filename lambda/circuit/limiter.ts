import type { Clock } from '../platform/clock.ts';
import type { Item, Table } from '../platform/table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { type Asker, type RateState, startingSoon } from './rate.ts';
import { readState } from './rate-item.ts';
import { type RateShare, share, shortWaits } from './rate-share.ts';
import { isTableThrottled } from './table-throttled.ts';

/**
 * Largest number of calls a second whose slots are reserved in one item of the table. With more calls, the writes to the item
 * would often conflict.
 */
const MOST_PER_ITEM = 500;

/** Returns the key of one of the items in which slots of a provider are reserved. */
const rateKey = (provider: string, place: number) => `rate/${provider}${place === 0 ? '' : `/${place}`}`;

/** Dependencies of the rate limiter of one provider. */
export interface LimiterContext {
  readonly provider: string;
  /** Largest number of calls to the provider per second of real time, for all workers together. */
  readonly perSecond: number;
  /** Largest number of workers that run at the same time. While the table does not answer, each worker uses an equal part of the rate. */
  readonly workers: number;
  /**
   * Sum of the rate limits of all available providers, including this provider, in calls per second of real time.
   * @default - the rate of this provider
   */
  readonly together?: () => number;
  readonly table: Table;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Result of asking for a slot, which is the time for one call to the provider. `at`: the provider may be called at the time `at`
 * (epoch milliseconds), if `isValid` resolves with true at this time. `away`: no slot is free soon, and the message must ask
 * again after `afterMs` milliseconds.
 */
export type RateSlot =
  | { readonly kind: 'at'; readonly at: number; readonly isValid: () => Promise<boolean> }
  | { readonly kind: 'away'; readonly afterMs: number };

/** A slot may still be used up to this number of milliseconds after its time. */
export const LATE_MS = 25;

/** How long messages are collected before slots are reserved for all of them, in milliseconds. */
const GATHER_MS = 5;

/** Longest wait for an answer of the table, in milliseconds. */
const TABLE_TIMEOUT_MS = 1_000;

/** Number of further tries if the write to an item conflicts with writes of other workers. */
const MAX_CONFLICTS = 3;

/**
 * Longest pause after the first conflict of writes, in milliseconds. With each further conflict the longest pause grows by the
 * same amount.
 */
const CONFLICT_MS = 20;

/**
 * Waits before the next try while the table throttles or while writes of other workers conflict, in milliseconds. Each wait is
 * multiplied by a random factor from 0.5 to 1.5.
 */
const BUSY_MS = [50, 100, 400];

/** Time for which a worker does not call the table again after a call that got no answer, in milliseconds. */
const PAUSE_MS = 1_000;

/** Longest wait for an answer, in milliseconds, after the table has not answered for `SILENT_MS`. */
const TRY_MS = 150;

/** If the table has not answered for this time, in milliseconds, a worker uses its own part of the rate. */
const SILENT_MS = 5_000;

/** Time for which an item is kept after it was last written, in milliseconds. */
const KEEP_MS = 24 * 3_600_000;

interface Answer extends RateShare {
  /** The slots belong to this worker's own part of the rate, and are not reserved in the table. */
  readonly isOwn?: true;
}

/**
 * Limits the rate of calls to one provider for all workers together. For this, it reserves slots in the table. One write reserves
 * slots for several messages.
 */
export class Limiter {
  readonly #context: LimiterContext;
  readonly #lines: Readonly<Record<Asker, Line>> = {
    fresh: { waiting: [], reserving: false },
    backlog: { waiting: [], reserving: false },
    urgent: { waiting: [], reserving: false },
  };
  /** The items of the table. Each item has an equal part of the provider's rate. */
  readonly #shards: readonly Shard[];
  /**
   * Duration of the last call to the table, in milliseconds. Slots are reserved only after the time at which the next call is
   * expected to end.
   */
  #answerMs = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** Time since which the table has not answered, in epoch milliseconds; undefined while the table answers. */
  #silentSince: number | undefined;
  /** Slots that this worker has reserved in its own part of the rate; undefined while the table answers. */
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

  /** Reserves a slot for one message. This method never throws. */
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
      // The messages of an SQS batch ask for slots within some milliseconds. One write to the table is enough for all these
      // messages.
      await clock.sleep(GATHER_MS);
      const { slots, waits, isOwn = false } = await this.#ask(asker, own.waiting.length);
      // When the table answers again, the slots in the table use the whole rate. Therefore the slots in a worker's own part of
      // the rate are then no longer valid.
      const isValid = async () => !isOwn || this.#remainsSilent();
      // A slot whose time passed during the call to the table is not used. Its message stays in the list, and gets another slot.
      const usable = slots.filter((at) => at >= clock.now() - LATE_MS);
      for (const at of usable) own.waiting.shift()?.({ kind: 'at', at, isValid });
      for (const afterMs of waits) own.waiting.shift()?.({ kind: 'away', afterMs });
    }
    own.reserving = false;
  }

  /**
   * Reserves slots for `wanted` messages. If the table has not answered for `SILENT_MS`, the slots are in this worker's own part
   * of the rate. During the first `SILENT_MS` without an answer, no slot is reserved, and mail waits, so that the rate is not
   * exceeded.
   */
  async #ask(asker: Asker, wanted: number): Promise<Answer> {
    const { clock, random } = this.#context;
    if (await this.#remainsSilent()) return { ...this.#reserveOwn(asker, wanted), isOwn: true };
    // When the table answers again, the first slot that is reserved in the table is at least `PAUSE_MS` later. During this time,
    // other workers may not know yet that the table answers again, and may still use their own parts of the rate.
    const afterMs = this.#own === undefined ? 0 : PAUSE_MS;
    this.#own = undefined;
    for (const busyMs of [...BUSY_MS, 0]) {
      const answer = await this.#reserveShared(asker, wanted, afterMs);
      if (answer === 'none') break;
      if (answer !== 'busy') return answer;
      await clock.sleep(busyMs * (0.5 + random()));
    }
    return { slots: [], waits: shortWaits(wanted, random) };
  }

  get #isSilent(): boolean {
    return this.#silentSince !== undefined && this.#context.clock.now() - this.#silentSince >= SILENT_MS;
  }

  get #isPaused(): boolean {
    return Math.abs(this.#context.clock.now() - this.#failedAt) < PAUSE_MS;
  }

  /**
   * Returns whether the table still does not answer. To find this out, the worker calls the table at most once in `PAUSE_MS`, and
   * waits for the answer for `TRY_MS`, which is enough for a healthy table. Without this wait, each worker would use one more
   * slot of its own part of the rate after the table answers again.
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

  /** Reserves slots in this worker's own part of the rate while the table does not answer. */
  #reserveOwn(asker: Asker, wanted: number): Answer {
    const { perSecond, workers, clock, random } = this.#context;
    const part = perSecond / workers;
    this.#own ??= startingSoon(part, clock.now(), random);
    const { state, answer } = share(this.#own, asker, wanted, part, this.#together() / workers, clock.now(), random);
    this.#own = state;
    return answer;
  }

  /**
   * Reserves slots in the table. The first slot is at least `afterMs` milliseconds in the future. Resolves with `busy` if the
   * table throttles or writes of other workers conflict, and with `none` if the table does not answer.
   */
  async #reserveShared(asker: Asker, wanted: number, afterMs: number): Promise<Answer | 'busy' | 'none'> {
    const { table, clock, random } = this.#context;
    if (this.#isPaused) return 'none';
    const shard = this.#anyShard();
    const { pk, perSecond } = shard;
    try {
      for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts += 1) {
        // The pause is random, so that workers whose writes have conflicted do not write at the same time again.
        await clock.sleep(conflicts * CONFLICT_MS * random());
        // If other workers write to the same item, a read before the write costs less than a write that conflicts.
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
      if (isTableThrottled(error)) return 'busy';
      this.#failedAt = clock.now();
      this.#silentSince ??= clock.now();
      return 'none';
    }
  }

  /**
   * Resolves with the answer of the table to `call`; rejects if the answer takes longer than `TABLE_TIMEOUT_MS`. An answer after
   * this time, or an answer that the table throttles the call, still shows that the table can be reached.
   */
  async #answer<T>(call: Promise<T>): Promise<T> {
    const { clock } = this.#context;
    const begun = clock.now();
    const noteAnswer = () => {
      this.#answerMs = Math.min(TABLE_TIMEOUT_MS, Math.max(0, clock.now() - begun));
      this.#silentSince = undefined;
      this.#failedAt = Number.NEGATIVE_INFINITY;
    };
    call.then(noteAnswer, (error: unknown) => isTableThrottled(error) && noteAnswer());
    return withTimeout(TABLE_TIMEOUT_MS, call, clock);
  }

  #anyShard(): Shard {
    return this.#shards[Math.floor(this.#context.random() * this.#shards.length)] as Shard;
  }

  #together(): number {
    const { perSecond, together = () => perSecond } = this.#context;
    return together();
  }
}

/**
 * One of the items of the table among which the rate of a provider is divided. `item` is the version of the item that this worker
 * last read or wrote.
 */
interface Shard {
  readonly pk: string;
  readonly perSecond: number;
  item: Item | undefined;
  /** Whether other workers also write to the item. */
  contended: boolean;
}

/** The messages of one kind (`Asker`) that wait for a slot. */
interface Line {
  readonly waiting: ((slot: RateSlot) => void)[];
  reserving: boolean;
}
