import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import type { Item, Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import type { Isolation } from './isolation.ts';
import { type CircuitRecord, circuitItem, circuitKey, readCircuitItem, readIsolation, switchKey } from './items.ts';
import { isThrottled } from './throttled.ts';
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
  /** Called when the circuit of a provider was reset or deleted: earlier results no longer count. */
  readonly onReset: (provider: string) => void;
}

/**
 * How long the last read stays in force while the table does not answer, in stack time; then all circuits read as closed.
 */
const KEEP_MS = 60_000;

/** Lower limit of the time above, and of `freshMs`, under a time scale, so that the table is not read continuously. */
const SHORTEST_MS = 250;

/** Longest wait for the table, except for the first read; reads and writes that take longer go on in the background. */
export const PATIENCE_MS = 300;

/** Longest wait for the first read of a process, which may be slow because the code for it has just been loaded. */
const FIRST_PATIENCE_MS = 1_000;

/** Pause after the table failed to answer; meanwhile no message waits for it. */
const PAUSE_MS = 1_000;

/** A read that takes longer than this was begun before the process was frozen and will not end. */
const LOST_MS = 5_000;

/** How old a read may be when it arrives. */
const LAG_MS = 500;

/** Writes of a change that conflict with writes of other workers, after which it is given up. */
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

  /** State of a provider; waits a moment for the table only if no recent state is cached. Never throws. */
  async read(provider: string): Promise<CircuitReading> {
    const { clock } = this.#context;
    const age = Math.abs(clock.now() - this.#readAt);
    if (age >= this.#freshMs / 2) this.#refresh();
    // After the table failed to answer, no further call waits for it until the pause is over.
    if (age >= this.#freshMs && this.#reading && !this.silent)
      await within(Number.isFinite(age) ? PATIENCE_MS : FIRST_PATIENCE_MS, this.#reading.done, clock).catch(() => {
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
   * there is nothing to change. Resolves with the record before and after; with undefined if it could not be written, or
   * if the circuit was reset since it was read; with `busy` if the table throttles or other workers are faster, and
   * nothing was changed. Never throws.
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
        if (isThrottled(error)) return 'busy';
        // The change applies at least in this worker. Its counts are left out, since they are reported again.
        const local = circuitItem(provider, item, uncounted(before, after), clock.now());
        this.#remember(pk, { ...local, rev: item?.rev ?? UNSTORED });
        this.#failedAt = clock.now();
        return undefined;
      }
    }
    return 'busy';
  }

  /** Whether the circuit was reset or deleted in the table; before its first read a worker knows of resets since it started. */
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
      // The failure of a read from before the process was frozen says nothing about the table now.
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

/** Revision of an item that only this worker knows, since the table has not accepted it. */
const UNSTORED = 0;

/** A record after a change that could not be written: a circuit that stays closed keeps the counts it had. */
function uncounted({ circuit: before }: CircuitRecord, after: CircuitRecord): CircuitRecord {
  if (before.kind !== 'closed' || after.circuit.kind !== 'closed') return after;
  return { ...after, circuit: { ...after.circuit, window: before.window } };
}

function resetAt(item: Item | undefined): unknown {
  return item?.['resetAt'];
}
