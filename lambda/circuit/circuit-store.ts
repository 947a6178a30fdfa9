import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import type { Item, Table } from '../platform/table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import type { Isolation } from './isolation.ts';
import { type CircuitRecord, circuitItem, circuitKey, readCircuitItem, readIsolation, switchKey } from './items.ts';
import { isTableThrottled } from './table-throttled.ts';
import { circuitTimes } from './times.ts';

/** Circuit, hold and isolation of one provider, as last read. */
export interface CircuitReading extends CircuitRecord {
  readonly isolation?: Isolation;
}

export interface CircuitStoreContext {
  /** Keys of all providers. */
  readonly providers: readonly string[];
  readonly table: Table;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
  readonly timeScale: number;
  /** Called when the circuit of a provider was reset or deleted. Results of earlier attempts then no longer count. */
  readonly onReset: (provider: string) => void;
}

/** Time for which the last read is used while the table does not answer, in stack time; after it all circuits count as closed. */
const KEEP_MS = 60_000;

/**
 * Smallest `freshMs` in real milliseconds, to avoid continuous reads at a fast time scale. A read is kept for at least four times
 * this value.
 */
const SHORTEST_MS = 250;

/** Longest wait for the table, except for the first read; reads and writes that take longer continue in the background. */
export const READ_TIMEOUT_MS = 300;

/** Longest wait for the first read of a process, which may be slow because the code for it has just been loaded. */
const FIRST_READ_TIMEOUT_MS = 1_000;

/** Time after a failure of the table in which no message waits for the table. */
const PAUSE_MS = 1_000;

/** Milliseconds after which a read counts as lost: it began before Lambda froze the process, and its answer will not arrive. */
const LOST_MS = 5_000;

/** A read may return a state some milliseconds old: a write within this time before the read began may be missing in the result. */
const LAG_MS = 500;

/** Number of conflicts with writes of other workers after which a change is given up. */
const MAX_CONFLICTS = 3;

/** Longest pause after a second conflict, in milliseconds. */
const CONFLICT_MS = 20;

/** Shared state of all circuits: read in one request, cached for some seconds, written by compare-and-set. */
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

  /** Reads the state of a provider; waits a moment for the table only if no recent state is cached. Never throws. */
  async read(provider: string): Promise<CircuitReading> {
    const { clock } = this.#context;
    const age = Math.abs(clock.now() - this.#readAt);
    if (age >= this.#freshMs / 2) this.#refresh();
    // After the table failed to answer, no further call waits for it until the pause is over.
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

  /** Whether the table failed to answer a moment ago. */
  get silent(): boolean {
    return Math.abs(this.#context.clock.now() - this.#failedAt) < PAUSE_MS;
  }

  /** State of a provider from the cache, without a wait. */
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
   * Changes the record of a provider. `step` may be called again with a newer record, and returns the same object if
   * there is nothing to change. Resolves with the record before and after; with undefined if the change could not be
   * written, or the circuit was reset since it was read; with `busy` if nothing was changed because the table throttles or
   * writes of other workers conflict. Never throws.
   */
  async change(
    provider: string,
    step: (record: CircuitRecord) => CircuitRecord,
  ): Promise<{ readonly before: CircuitRecord; readonly after: CircuitRecord } | 'busy' | undefined> {
    const { table, clock, random } = this.#context;
    const pk = circuitKey(provider);
    let item = this.#items.get(pk);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      // The random pause separates workers that conflicted, which would otherwise conflict again.
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
        // This worker uses the changed circuit although the table has not stored it. The counts are left out, since they are
        // reported again later.
        const local = circuitItem(provider, item, uncounted(before, after), clock.now());
        this.#remember(pk, { ...local, rev: item?.rev ?? UNSTORED });
        this.#failedAt = clock.now();
        return undefined;
      }
    }
    return 'busy';
  }

  /** Whether the circuit was reset or deleted in the table since this worker read it or, before the first read, since this worker started. */
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
      // A read that began before Lambda froze the process may fail although the table answers now.
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

/** Revision of an item that only this worker has, since the table has not accepted it. */
const UNSTORED = 0;

/**
 * Returns the circuit that this worker uses after a change that could not be written. If the circuit was closed and stays closed,
 * it keeps the counts from before the change.
 */
function uncounted({ circuit: before }: CircuitRecord, after: CircuitRecord): CircuitRecord {
  if (before.kind !== 'closed' || after.circuit.kind !== 'closed') return after;
  return { ...after, circuit: { ...after.circuit, window: before.window } };
}

function resetAt(item: Item | undefined): unknown {
  return item?.['resetAt'];
}
