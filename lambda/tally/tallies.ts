import type { Outcome } from '../mail/outcome.ts';
import type { Clock } from '../platform/clock.ts';
import type { Item, NewItem, Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { type HourCounts, isDoubted, placeOf, plus } from './counts.ts';
import {
  domainName,
  type Ended,
  endedItem,
  endedKey,
  MOST_ENDED,
  readEnded,
  readTally,
  tallyItem,
  tallyKey,
} from './items.ts';
import { isAboutMailbox } from './words.ts';

/** What the tallies need. */
export interface TalliesContext {
  readonly table: Table;
  readonly clock: Clock;
  /** @default 1 */
  readonly timeScale?: number;
}

/** Interval of reports to the table, in stack time; refusals of mailboxes are reported at once. */
const TOLD_EVERY_MS = 60_000;

/** Longest wait for the table: without an answer the provider is believed. */
const PATIENCE_MS = 500;

const MAX_CONFLICTS = 6;

/** Most domains counted between two reports. */
const MOST_DOMAINS = 1_000;

/**
 * Counts of submissions and recipients: those of this worker, and those shared by all workers. A busy worker writes once
 * a minute.
 */
export class Tallies {
  readonly #context: TalliesContext;
  readonly #timeScale: number;
  /** Unreported counts by hour. */
  #pending = new Map<number, HourCounts>();
  #domains = new Map<string, number>();
  #toldAt: number;

  constructor(context: TalliesContext) {
    this.#context = context;
    this.#timeScale = context.timeScale ?? 1;
    this.#toldAt = context.clock.now();
  }

  /** Counts a submission that was received for the first time. */
  async arrived(): Promise<void> {
    this.#count(`in/${this.#place.quarter}`);
    await this.#tellWhenDue();
  }

  /** Counts a provider's outcomes by recipient; resolves with the recipients whose refusal is doubtful. Never throws. */
  async heard(provider: string, said: ReadonlyMap<string, Outcome>): Promise<ReadonlySet<string>> {
    const { slot } = this.#place;
    const refused: string[] = [];
    for (const [address, outcome] of said) {
      const isRefused = isAboutMailbox(outcome);
      if (!isRefused && outcome.kind !== 'accepted') continue;
      if (isRefused) refused.push(address);
      this.#count(`${isRefused ? 'no' : 'ok'}/${provider}/${slot}`);
      this.#countDomain(`${isRefused ? 'dno' : 'dok'}/${provider}/${domainName(address)}`);
    }
    if (refused.length === 0) {
      await this.#tellWhenDue();
      return new Set();
    }
    try {
      return new Set(await within(PATIENCE_MS, this.#doubted(provider, refused), this.#context.clock));
    } catch {
      return new Set();
    }
  }

  /** Records that a recipient ended because one provider refused its mailbox. */
  async ended(provider: string, one: Ended): Promise<void> {
    const { hour } = this.#place;
    await this.#change(endedKey(provider, hour), (item) => {
      const list = readEnded(item);
      if (list.length >= MOST_ENDED) return undefined;
      return endedItem(provider, hour, item, [...list, one], this.#context.clock.now());
    });
  }

  async #doubted(provider: string, addresses: readonly string[]): Promise<readonly string[]> {
    const place = this.#place;
    const [item, before] = await Promise.all([
      this.#tell(),
      this.#context.table.getAll([tallyKey(place.hour - 1)]).then((items) => [...items.values()][0]),
    ]);
    const { counts, doubted } = readTally(item);
    const hours = [counts, readTally(before).counts] as const;
    const found = addresses.filter((one) => isDoubted(hours, provider, domainName(one), place.slot));
    if (found.length > 0 && !doubted.includes(provider)) await this.#tell(provider);
    return found;
  }

  async #tellWhenDue(): Promise<void> {
    const { clock } = this.#context;
    if (Math.abs(clock.now() - this.#toldAt) < TOLD_EVERY_MS / this.#timeScale) return;
    await within(PATIENCE_MS, this.#tell(), clock).catch(() => undefined);
  }

  /**
   * Adds the counts of this worker to the shared ones, and resolves with this hour's item; marks the provider `doubted`
   * as doubted.
   */
  async #tell(doubted?: string): Promise<Item | undefined> {
    const { hour } = this.#place;
    const pending = this.#pending;
    const domains = this.#domains;
    this.#pending = new Map();
    this.#domains = new Map();
    this.#toldAt = this.#context.clock.now();
    try {
      for (const [before, counts] of pending) {
        if (before === hour) continue;
        await this.#add(before, counts, new Map());
        pending.delete(before);
      }
      return await this.#add(hour, pending.get(hour) ?? {}, domains, doubted);
    } catch (error) {
      for (const [at, counts] of pending) this.#pending.set(at, plus(counts, this.#pending.get(at) ?? {}));
      throw error;
    }
  }

  #add(
    hour: number,
    pending: HourCounts,
    domains: ReadonlyMap<string, number>,
    doubted?: string,
  ): Promise<Item | undefined> {
    return this.#change(tallyKey(hour), (item) => {
      const tally = readTally(item);
      const counts = plus(plus(tally.counts, pending), worthTelling(domains, tally.counts));
      const known = doubted && !tally.doubted.includes(doubted) ? [...tally.doubted, doubted] : tally.doubted;
      return tallyItem(hour, item, { counts, doubted: known }, this.#context.clock.now());
    });
  }

  /** Writes what `step` returns for the item; resolves with the stored item. */
  async #change(pk: string, step: (item: Item | undefined) => NewItem | undefined): Promise<Item | undefined> {
    const { table } = this.#context;
    let item = await table.get(pk);
    for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts += 1) {
      const wanted = step(item);
      if (wanted === undefined) return item;
      const written = await table.write(wanted, item?.rev);
      if (written.done) return written.item;
      item = written.current;
    }
    throw new Error('the item is written by other workers all the time');
  }

  get #place() {
    return placeOf(this.#context.clock.now(), this.#timeScale);
  }

  #count(name: string): void {
    const { hour } = this.#place;
    this.#pending.set(hour, plus(this.#pending.get(hour) ?? {}, { [name]: 1 }));
  }

  #countDomain(name: string): void {
    if (this.#domains.size < MOST_DOMAINS || this.#domains.has(name))
      this.#domains.set(name, (this.#domains.get(name) ?? 0) + 1);
  }
}

/** Counts of domains that have a refusal; the others are not worth the space. */
function worthTelling(domains: ReadonlyMap<string, number>, known: HourCounts): HourCounts {
  const refused = new Set(
    [...domains.keys(), ...Object.keys(known)].flatMap((name) =>
      name.startsWith('dno/') ? (name.split('/')[2] ?? []) : [],
    ),
  );
  return Object.fromEntries([...domains].filter(([name]) => refused.has(name.split('/')[2] ?? '')));
}
