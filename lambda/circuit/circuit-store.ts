import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import type { Item, Table } from '../platform/table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import type { Isolation } from './isolation.ts';
import { type CircuitRecord, circuitItem, circuitKey, readCircuitItem, readIsolation, switchKey } from './items.ts';
import { isTableThrottled } from './table-throttled.ts';
import { circuitTimes } from './times.ts';

/**
 * State of one provider, as last read: its circuit breaker, its hold (the time without calls after the provider has throttled)
 * and its isolation (an operator has taken the provider out of use).
 */
export interface CircuitReading extends CircuitRecord {
  readonly isolation?: Isolation;
}

/** Dependencies and settings of the store. */
export interface CircuitStoreContext {
  /** Keys of all providers. */
  readonly providers: readonly string[];
  readonly table: Table;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
  /**
   * Number of seconds of stack time in one second of the clock. Stack time is the time for waits and ages; it may run faster than
   * the clock only on a local stack.
   */
  readonly timeScale: number;
  /**
   * Called when this worker finds that the circuit of a provider was reset or deleted in the table. The results of earlier
   * attempts at this provider then no longer count.
   */
  readonly onReset: (provider: string) => void;
}

/**
 * Time for which the last read state is used while the table does not answer, in milliseconds of stack time. After this time, all
 * circuits count as closed, and no hold or isolation is in force.
 */
const KEEP_MS = 60_000;

/**
 * Smallest `freshMs`, in milliseconds of real time. Without this minimum, the table would be read continuously while stack time
 * runs fast. A read state is used for at least four times this value if the table does not answer.
 */
const SHORTEST_MS = 250;

/**
 * Longest wait for the table, in milliseconds, except for the first read. Reads and writes that take longer continue in the
 * background.
 */
export const READ_TIMEOUT_MS = 300;

/**
 * Longest wait for the first read of a process, in milliseconds. This read may be slow, because its code has just been loaded.
 */
const FIRST_READ_TIMEOUT_MS = 1_000;

/** Time after a failure of the table in which no message waits for the table, in milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Milliseconds after which a read counts as lost. A read is lost if Lambda freezes the process during the read, since its answer
 * then does not arrive.
 */
const LOST_MS = 5_000;

/**
 * A read may return a slightly older state: a write within this number of milliseconds before the start of the read may be
 * missing in the result.
 */
const LAG_MS = 500;

/** Number of tries of a change. A try fails if its write conflicts with a write of another worker. */
const MAX_CONFLICTS = 3;

/** Longest pause before the third try, in milliseconds. */
const CONFLICT_MS = 20;

/**
 * The state of all circuits, which all workers share. All circuits are read in one request, and the result is cached for some
 * seconds. A circuit is written only if no other worker has changed it since it was read (compare-and-set).
 */
export class CircuitStore {
  readonly #context: CircuitStoreContext;
  readonly #freshMs: number;
  readonly #keepMs: number;
  readonly #written = new Map<string, number>();
  readonly #startedAt: number;
  #items: Map<string, Item> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #reading: { readonly since: number; readonly done: Promise<void> } | undefined;

  constructor(context: CircuitStoreContext) {
    this.#context = context;
    this.#startedAt = context.clock.now();
    this.#freshMs = Math.max(SHORTEST_MS, circuitTimes(context.timeScale).freshMs);
    this.#keepMs = Math.max(4 * SHORTEST_MS, KEEP_MS / context.timeScale);
  }

  /**
   * Returns the state of a provider. If no recent state is cached, waits for the table, but only for a short time. Never throws.
   */
  async read(provider: string): Promise<CircuitReading> {
    const { clock } = this.#context;
    const age = Math.abs(clock.now() - this.#readAt);
    if (age >= this.#freshMs / 2) this.#refresh();
    // After the table has failed to answer, no further call waits for the table until `PAUSE_MS` has passed.
    if (age >= this.#freshMs && this.#reading && !this.silent)
      await withTimeout(
        Number.isFinite(age) ? READ_TIMEOUT_MS : FIRST_READ_TIMEOUT_MS,
        this.#reading.done,
        clock,
      ).catch(() => {
        this.#failedAt = clock.now();
      });
    return this.known(provider);
  }

  /** Whether the table failed to answer less than `PAUSE_MS` ago. */
  get silent(): boolean {
    return Math.abs(this.#context.clock.now() - this.#failedAt) < PAUSE_MS;
  }

  /** Returns the state of a provider from the cache, without waiting for the table. */
  known(provider: string): CircuitReading {
    const stale = Math.abs(this.#context.clock.now() - this.#readAt) > this.#keepMs;
    const item = (pk: string) => {
      const written = this.#written.get(pk) ?? Number.NEGATIVE_INFINITY;
      return stale && this.#context.clock.now() - written > this.#keepMs ? undefined : this.#items.get(pk);
    };
    const isolation = readIsolation(item(switchKey(provider)));
    return { ...readCircuitItem(item(circuitKey(provider))), ...defined({ isolation }) };
  }

  /**
   * Changes the record of a provider. `step` returns the changed record, or the same object if there is nothing to change. It is
   * called again if another worker has written a newer record. Resolves with the record before and after the change. Resolves
   * with undefined if the change could not be written, or if the circuit was reset since it was read. Resolves with `busy` if
   * nothing was changed because the table throttles or the writes of other workers conflict. Never throws.
   */
  async change(
    provider: string,
    step: (record: CircuitRecord) => CircuitRecord,
  ): Promise<{ readonly before: CircuitRecord; readonly after: CircuitRecord } | 'busy' | undefined> {
    const { table, clock, random } = this.#context;
    const pk = circuitKey(provider);
    let item = this.#items.get(pk);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      // The pause is random, so that workers whose writes have conflicted do not write at the same time again.
      if (conflicts > 1) await clock.sleep(CONFLICT_MS * random());
      const before = readCircuitItem(item);
      const after = step(before);
      if (after === before) return { before, after };
      const wanted = circuitItem(provider, item, after, clock.now());
      try {
        const written = await table.write(wanted, item && (item.rev === UNSTORED ? undefined : item.rev));
        this.#remember(pk, written.done ? written.item : written.current);
        if (written.done) return { before, after };
        const isReset = this.#isReset(item, written.current);
        item = written.current;
        if (!isReset) continue;
        this.#context.onReset(provider);
        return undefined;
      } catch (error) {
        if (isTableThrottled(error)) return 'busy';
        // This worker uses the changed circuit although the table has not stored it. The counts of attempts are not changed,
        // since they are reported again later.
        const local = circuitItem(provider, item, uncounted(before, after), clock.now());
        this.#remember(pk, { ...local, rev: item?.rev ?? UNSTORED });
        this.#failedAt = clock.now();
        return undefined;
      }
    }
    return 'busy';
  }

  /**
   * Whether the circuit was reset or deleted in the table after this worker last read it. Before the first read: whether it was
   * reset after this worker started.
   */
  #isReset(known: Item | undefined, current: Item | undefined): boolean {
    if (known && known.rev !== UNSTORED && !current) return true;
    if (Number.isFinite(this.#readAt)) return resetAt(current) !== resetAt(known);
    return Number(resetAt(current) ?? 0) > this.#startedAt;
  }

  #remember(pk: string, item: Item | undefined): void {
    if (item) this.#items.set(pk, item);
    else this.#items.delete(pk);
    this.#written.set(pk, this.#context.clock.now());
  }

  #refresh(): void {
    const { clock } = this.#context;
    const now = clock.now();
    if (this.#reading && Math.abs(now - this.#reading.since) < LOST_MS) return;
    if (this.silent) return;
    const reading = { since: now, done: this.#readAll(now) };
    const end = () => {
      if (this.#reading === reading) this.#reading = undefined;
    };
    reading.done.then(end, () => {
      // A read that began before Lambda froze the process may fail although the table answers now. Such a read does not count as
      // a failure of the table.
      const isLost = Math.abs(clock.now() - reading.since) >= LOST_MS;
      if (this.#reading === reading && !isLost) this.#failedAt = clock.now();
      end();
    });
    this.#reading = reading;
  }

  async #readAll(since: number): Promise<void> {
    const { providers, table, onReset } = this.#context;
    const items = new Map(await table.getAll(providers.flatMap((key) => [circuitKey(key), switchKey(key)])));
    for (const [pk, item] of this.#items) {
      const written = this.#written.get(pk) ?? Number.NEGATIVE_INFINITY;
      if (written >= since - LAG_MS) items.set(pk, item);
    }
    const reset = providers.filter((key) =>
      this.#isReset(this.#items.get(circuitKey(key)), items.get(circuitKey(key))),
    );
    this.#items = items;
    this.#readAt = since;
    for (const provider of reset) onReset(provider);
  }
}

/** Revision of an item that only this worker has, since the item could not be written to the table. */
const UNSTORED = 0;

/**
 * Returns the circuit that this worker uses after a change that could not be written. If the circuit was closed and stays closed,
 * the result has the counts of attempts from before the change.
 */
function uncounted({ circuit: before }: CircuitRecord, after: CircuitRecord): CircuitRecord {
  if (before.kind !== 'closed' || after.circuit.kind !== 'closed') return after;
  return { ...after, circuit: { ...after.circuit, window: before.window } };
}

function resetAt(item: Item | undefined): unknown {
  return item?.['resetAt'];
}
