import type { Outcome } from '../mail/outcome.ts';
import type { Clock } from '../platform/clock.ts';
import { type Speed, stackTime } from '../platform/stack-time.ts';
import type { Item, NewItem, Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { type HourCounts, isDoubted, type Newest, newest, placeOf, plus } from './counts.ts';
import {
  domainName,
  type Ended,
  endedItem,
  endedKey,
  PAGE,
  readEnded,
  readTally,
  tallyItem,
  tallyKey,
} from './items.ts';
import { isAboutMailbox } from './words.ts';

export interface TalliesContext {
  readonly table: Table;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
  /** Vendor of a provider by its key; undefined for one that is no longer configured. */
  readonly vendorOf: (provider: string) => string | undefined;
  /** @default - that of the clock */
  readonly speed?: Speed;
}

/** Longest interval of reports to the table, in stack time; refusals of mailboxes are reported at once. */
const REPORT_INTERVAL_MS = 60_000;

/**
 * A worker reports earlier when it has counted as many recipients as it has reported in this hour, and this number at
 * least: it may get no further message, and would leave out more than half of a list of mails that took less than the interval.
 */
const LEAST_REPORTED = 20;
const SOONEST_REPORT_MS = 1_000;

/** Longest wait for the table: without an answer the provider's refusal counts. */
const TABLE_WAIT_MS = 500;

/** Longest wait for the list of ended recipients. */
const LIST_WAIT_MS = 3_000;

/** Writes of one item in a row that lose against other workers, and the longest pause before the next one. */
const MAX_CONFLICTS = 20;
const MAX_PAUSE_MS = 40;

/** Hours back from which the newest recipients of a provider are taken over. */
const HOURS_BACK = 24;

/** Largest number of domains counted between two reports. */
const MAX_DOMAINS = 1_000;

/**
 * Counts of submissions and recipients: those of this worker, and those shared by all workers. A busy worker writes once
 * a minute.
 */
export class Tallies {
  readonly #context: TalliesContext;
  /** Unreported counts by hour. */
  #pending = new Map<number, HourCounts>();
  /** Unreported newest recipients by provider. */
  #newest = new Map<string, Newest>();
  #domains = new Map<string, number>();
  #reportedAt: number;
  /** Recipients counted since the last report, and reported in the hour of the last report. */
  #unreported = 0;
  #reported = { hour: 0, recipients: 0 };
  /** First pages with room, as far as this worker knows. */
  readonly #pages = new Map<string, { readonly hour: number; readonly page: number }>();

  constructor(context: TalliesContext) {
    this.#context = context;
    this.#reportedAt = context.clock.now();
  }

  /** Counts a submission that was received for the first time. */
  async countSubmission(): Promise<void> {
    this.#count(`in/${this.#place.quarter}`);
    await this.#reportWhenDue();
  }

  /** Counts a provider's outcomes by recipient; resolves with the recipients whose refusal is doubtful. Never throws. */
  async countOutcomes(provider: string, outcomes: ReadonlyMap<string, Outcome>): Promise<ReadonlySet<string>> {
    const { slot } = this.#place;
    const refused: string[] = [];
    for (const [address, outcome] of outcomes) {
      const isRefused = isAboutMailbox(outcome);
      if (!isRefused && outcome.kind !== 'accepted') continue;
      if (isRefused) refused.push(address);
      this.#unreported += 1;
      this.#count(`${isRefused ? 'no' : 'ok'}/${provider}/${slot}`);
      this.#newest.set(provider, newest(this.#newest.get(provider) ?? '', isRefused ? '-' : '+'));
      this.#countDomain(`${isRefused ? 'dno' : 'dok'}/${provider}/${domainName(address)}`, 1);
    }
    if (refused.length === 0) {
      await this.#reportWhenDue();
      return new Set();
    }
    try {
      return new Set(await within(TABLE_WAIT_MS, this.#doubted(provider, refused), this.#context.clock));
    } catch {
      return new Set();
    }
  }

  /** Records recipients that ended because one provider refused their mailboxes; throws if the table does not answer. */
  async listEnded(provider: string, recipients: readonly Ended[]): Promise<void> {
    await within(LIST_WAIT_MS, this.#listOnPages(provider, recipients), this.#context.clock);
  }

  async #listOnPages(provider: string, recipients: readonly Ended[]): Promise<void> {
    const { hour } = this.#place;
    const known = this.#pages.get(provider);
    let left = recipients;
    for (let page = known?.hour === hour ? known.page : 0; left.length > 0; page += 1) {
      const pk = endedKey(provider, hour, page);
      let room = 0;
      await this.#change(pk, (item) => {
        const listed = readEnded(item);
        room = Math.max(0, PAGE - listed.length);
        if (room === 0) return undefined;
        return endedItem(pk, item, [...listed, ...left.slice(0, room)], this.#context.clock.now());
      });
      left = left.slice(room);
      this.#pages.set(provider, { hour, page });
    }
  }

  async #doubted(provider: string, addresses: readonly string[]): Promise<readonly string[]> {
    const { hour } = this.#place;
    const [item, before] = await Promise.all([
      this.#report(),
      this.#context.table.getAll([tallyKey(hour - 1)]).then((items) => [...items.values()][0]),
    ]);
    const { counts, newest: all, doubted } = readTally(item);
    const hours = [counts, readTally(before).counts] as const;
    const ofProvider = all[provider] ?? '';
    const found = addresses.filter((one) =>
      isDoubted(hours, ofProvider, { provider, domain: domainName(one), vendorOf: this.#context.vendorOf }),
    );
    if (found.length > 0 && !doubted.includes(provider)) await this.#report(provider);
    return found;
  }

  async #reportWhenDue(): Promise<void> {
    const { clock, speed } = this.#context;
    const intervalMs = this.#hasGrown ? SOONEST_REPORT_MS : REPORT_INTERVAL_MS;
    if (Math.abs(clock.now() - this.#reportedAt) < intervalMs / (speed?.timeScale ?? 1)) return;
    await within(TABLE_WAIT_MS, this.#report(), clock).catch(() => undefined);
  }

  get #hasGrown(): boolean {
    const { hour, recipients } = this.#reported;
    return this.#unreported >= Math.max(LEAST_REPORTED, hour === this.#place.hour ? recipients : 0);
  }

  /**
   * Adds the counts of this worker to the shared ones, and resolves with this hour's item; marks the provider `doubted`
   * as doubted.
   */
  async #report(doubted?: string): Promise<Item | undefined> {
    const { hour } = this.#place;
    const pending = this.#pending;
    const newestHere = this.#newest;
    const domains = this.#domains;
    const recipients = this.#unreported;
    this.#unreported = 0;
    this.#pending = new Map();
    this.#newest = new Map();
    this.#domains = new Map();
    this.#reportedAt = this.#context.clock.now();
    try {
      for (const [before, counts] of pending) {
        if (before === hour) continue;
        await this.#add(before, { counts });
        pending.delete(before);
      }
      const item = await this.#add(hour, {
        counts: pending.get(hour) ?? {},
        newestHere,
        domains,
        ...(doubted && { doubted }),
      });
      this.#reported = {
        hour,
        recipients: recipients + (this.#reported.hour === hour ? this.#reported.recipients : 0),
      };
      return item;
    } catch (error) {
      this.#unreported += recipients;
      for (const [at, counts] of pending) this.#pending.set(at, plus(counts, this.#pending.get(at) ?? {}));
      for (const [key, list] of newestHere) this.#newest.set(key, newest(list, this.#newest.get(key) ?? ''));
      for (const [name, count] of domains) this.#countDomain(name, count);
      throw error;
    }
  }

  async #add(
    hour: number,
    {
      counts,
      newestHere = new Map(),
      domains = new Map(),
      doubted,
    }: {
      readonly counts: HourCounts;
      readonly newestHere?: ReadonlyMap<string, Newest>;
      readonly domains?: ReadonlyMap<string, number>;
      readonly doubted?: string;
    },
  ): Promise<Item | undefined> {
    return await this.#change(tallyKey(hour), async (item) => {
      const tally = readTally(item);
      const lists = item ? tally.newest : await this.#newestBefore(hour);
      const known = doubted && !tally.doubted.includes(doubted) ? [...tally.doubted, doubted] : tally.doubted;
      const changed = {
        counts: plus(plus(tally.counts, counts), ofRefusedDomains(domains, tally.counts)),
        newest: {
          ...lists,
          ...Object.fromEntries([...newestHere].map(([key, list]) => [key, newest(lists[key] ?? '', list)])),
        },
        doubted: known,
      };
      return tallyItem(hour, item, changed, this.#context.clock.now());
    });
  }

  /** The newest recipients of the last hour with any, for an hour that begins. */
  async #newestBefore(hour: number): Promise<Readonly<Record<string, Newest>>> {
    const keys = Array.from({ length: HOURS_BACK }, (_, back) => tallyKey(hour - 1 - back));
    const items = await this.#context.table.getAll(keys);
    return readTally(keys.map((key) => items.get(key)).find((item) => item !== undefined)).newest;
  }

  /** Writes what `step` returns for the item; resolves with the stored item. */
  async #change(
    pk: string,
    step: (item: Item | undefined) => NewItem | undefined | Promise<NewItem>,
  ): Promise<Item | undefined> {
    const { table, clock, random } = this.#context;
    let item = await table.get(pk);
    for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts += 1) {
      const wanted = await step(item);
      if (wanted === undefined) return item;
      const written = await table.write(wanted, item?.rev);
      if (written.done) return written.item;
      item = written.current;
      // The random pause separates workers that conflicted, which would otherwise conflict again.
      if (conflicts > 0) await clock.sleep(random() * MAX_PAUSE_MS);
    }
    throw new Error('the item conflicts with the writes of other workers at every try');
  }

  get #place() {
    return placeOf(stackTime(this.#context.clock.now(), this.#context.speed ?? {}));
  }

  #count(name: string): void {
    const { hour } = this.#place;
    this.#pending.set(hour, plus(this.#pending.get(hour) ?? {}, { [name]: 1 }));
  }

  #countDomain(name: string, count: number): void {
    if (this.#domains.size < MAX_DOMAINS || this.#domains.has(name))
      this.#domains.set(name, (this.#domains.get(name) ?? 0) + count);
  }
}

/** Largest number of names of domains in an item, whose size is limited. */
const MAX_COUNTS = 5_000;

/** Counts of domains that have a refusal; the others are not worth the space. */
function ofRefusedDomains(domains: ReadonlyMap<string, number>, known: HourCounts): HourCounts {
  const refused = new Set(
    [...domains.keys(), ...Object.keys(known)].flatMap((name) =>
      name.startsWith('dno/') ? (name.split('/')[2] ?? []) : [],
    ),
  );
  const isFull = Object.keys(known).length >= MAX_COUNTS;
  return Object.fromEntries(
    [...domains].filter(([name]) => refused.has(name.split('/')[2] ?? '') && !(isFull && known[name] === undefined)),
  );
}
