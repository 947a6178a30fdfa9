import type { Clock } from '../platform/clock.ts';
import type { Item, Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import type { Isolation } from './isolation.ts';
import { type CircuitRecord, circuitItem, circuitKey, readCircuitItem, readIsolation, switchKey } from './items.ts';

/** What is known of one provider. */
export interface CircuitReading extends CircuitRecord {
  readonly isolation?: Isolation;
}

/** What the board needs. */
export interface CircuitStoreContext {
  /** Keys of all providers. */
  readonly providers: readonly string[];
  readonly table: Table;
  readonly clock: Clock;
  readonly timeScale: number;
  /** The circuit of this provider was reset, or deleted: what was learned before counts no more. */
  readonly onReset: (provider: string) => void;
}

/** Nothing that is read is used for longer, in stack time: an operator's word reaches everybody within it. */
const FRESH_MS = 10_000;

/** While the table does not answer, what was read last holds for this long, in stack time; then all circuits read as closed. */
const KEEP_MS = 60_000;

/** The shortest of these times under a time scale, so that the table is not read all the time. */
const SHORTEST_MS = 250;

/** Nobody waits longer for the table than this, but at the first read; all else goes on behind their back. */
export const PATIENCE_MS = 300;

/** The first read of a process may take this long: a busy machine has just loaded the code for it. */
const FIRST_PATIENCE_MS = 1_000;

/** Pause after the table did not answer; meanwhile nobody waits for it. */
const PAUSE_MS = 1_000;

/** A read that has not ended after this began before the process was frozen, and will not. */
const LOST_MS = 5_000;

/** Reads may be this old when they arrive. */
const LAG_MS = 500;

const MAX_CONFLICTS = 6;

/** The shared state of all circuits: read in one piece, kept for some seconds, written by compare-and-set. */
export class CircuitStore {
  readonly #context: CircuitStoreContext;
  readonly #freshMs: number;
  readonly #keepMs: number;
  readonly #written = new Map<string, number>();
  #items: Map<string, Item> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #reading: { readonly since: number; readonly done: Promise<void> } | undefined;

  constructor(context: CircuitStoreContext) {
    this.#context = context;
    this.#freshMs = Math.max(SHORTEST_MS, FRESH_MS / context.timeScale);
    this.#keepMs = Math.max(4 * SHORTEST_MS, KEEP_MS / context.timeScale);
  }

  /** What is known of a provider; waits for the table a moment at most, and only if nothing recent is known. Never throws. */
  async read(provider: string): Promise<CircuitReading> {
    const { clock } = this.#context;
    const age = Math.abs(clock.now() - this.#readAt);
    if (age >= this.#freshMs / 2) this.#refresh();
    // Whoever finds the table silent just now is not the one to wait for it again.
    if (age >= this.#freshMs && this.#reading && !this.silent)
      await within(Number.isFinite(age) ? PATIENCE_MS : FIRST_PATIENCE_MS, this.#reading.done, clock).catch(() => {
        this.#failedAt = clock.now();
      });
    return this.known(provider);
  }

  /** The table did not answer just now. */
  get silent(): boolean {
    return Math.abs(this.#context.clock.now() - this.#failedAt) < PAUSE_MS;
  }

  /** What is known of a provider, without a wait. */
  known(provider: string): CircuitReading {
    const stale = Math.abs(this.#context.clock.now() - this.#readAt) > this.#keepMs;
    const item = (pk: string) => {
      const written = this.#written.get(pk) ?? Number.NEGATIVE_INFINITY;
      return stale && this.#context.clock.now() - written > this.#keepMs ? undefined : this.#items.get(pk);
    };
    const isolation = readIsolation(item(switchKey(provider)));
    return { ...readCircuitItem(item(circuitKey(provider))), ...(isolation && { isolation }) };
  }

  /**
   * Changes the record of a provider; `step` may be called again with a newer record, and returns the same one if there is
   * nothing to change. Resolves with the record that stands then, or undefined if the table did not take it, or if the circuit was
   * reset since it was read. Never throws.
   */
  async change(
    provider: string,
    step: (record: CircuitRecord) => CircuitRecord,
  ): Promise<{ readonly before: CircuitRecord; readonly after: CircuitRecord } | undefined> {
    const { table, clock } = this.#context;
    const pk = circuitKey(provider);
    let item = this.#items.get(pk);
    for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts += 1) {
      const before = readCircuitItem(item);
      const after = step(before);
      if (after === before) return { before, after };
      const wanted = circuitItem(provider, item, after, clock.now());
      try {
        const written = await table.write(wanted, item?.rev);
        this.#remember(pk, written.done ? written.item : written.current);
        if (written.done) return { before, after };
        const isReset = Number.isFinite(this.#readAt) && resetAt(written.current) !== resetAt(item);
        item = written.current;
        if (!isReset) continue;
        this.#context.onReset(provider);
        return undefined;
      } catch {
        // At least this worker knows.
        this.#remember(pk, { ...wanted, rev: item?.rev ?? 0 });
        this.#failedAt = clock.now();
        return undefined;
      }
    }
    return undefined;
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
      if (this.#reading === reading) this.#failedAt = clock.now();
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
    const reset = providers.filter(
      (key) =>
        (this.#items.has(circuitKey(key)) && !items.has(circuitKey(key))) ||
        resetAt(items.get(circuitKey(key))) !== resetAt(this.#items.get(circuitKey(key))),
    );
    this.#items = items;
    this.#readAt = since;
    for (const provider of reset) onReset(provider);
  }
}

function resetAt(item: Item | undefined): unknown {
  return item?.['resetAt'];
}
