import type { Outcome } from '../mail/outcome.ts';
import type { Clock } from '../platform/clock.ts';
import { type Speed, stackTime } from '../platform/stack-time.ts';
import type { Item, NewItem, Table } from '../platform/table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { type HourCounts, isDoubted, type Newest, newest, placeOf, plus, type Refusing } from './counts.ts';
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
import { isAboutMailbox } from './mailbox-refusal.ts';

export interface TalliesContext {
  readonly table: Table;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
  readonly vendorOf: Refusing['vendorOf'];
  /** @default - stack time runs at the speed of the clock */
  readonly speed?: Speed;
}

/**
 * A worker writes its counts to the table (a report) at the first count after this interval, in milliseconds of stack time. If a
 * provider refuses a mailbox, the worker writes its counts immediately.
 */
const REPORT_INTERVAL_MS = 60_000;

/**
 * A worker writes its counts before the interval ends if it has counted at least this number of recipients since its last report.
 * This number of recipients must also be at least as large as the number that the worker has already reported in this hour. Early
 * reports are needed since the worker may get no further message. Without early reports, more than half of the recipients of a
 * mailing might not be counted if the mailing takes less time than the interval.
 */
const LEAST_REPORTED = 20;
/** Shortest time between a report and the next early report, in milliseconds of stack time. */
const SOONEST_REPORT_MS = 1_000;

/** Longest wait for an answer of the table, in milliseconds. If the table does not answer, the provider's refusal does not count as doubtful. */
const TABLE_WAIT_MS = 500;

/** Longest wait for a write to the list of recipients to which sending was given up, in milliseconds. */
const LIST_WAIT_MS = 3_000;

/** After more conflicts with other workers than this number, a write is given up. `MAX_PAUSE_MS`: longest pause after a conflict, in milliseconds. */
const MAX_CONFLICTS = 20;
const MAX_PAUSE_MS = 40;

/** Number of earlier hours in which the results for the newest recipients are searched when a new hour begins. */
const HOURS_BACK = 24;

/** Largest number of counts by provider and domain between two reports. */
const MAX_DOMAINS = 1_000;

/**
 * Counts submissions and recipients. The counts are first collected in this worker. From time to time the worker adds them to the
 * counts in the table, which all workers share (a report). A busy worker writes a report about once a minute.
 */
export class Tallies {
  readonly #context: TalliesContext;
  /** Counts that were not reported yet, for each hour. */
  #pending = new Map<number, HourCounts>();
  /** Results for the newest recipients of each provider that were not reported yet. */
  #newest = new Map<string, Newest>();
  #domains = new Map<string, number>();
  #reportedAt: number;
  /** Number of recipients that were counted since the last report. */
  #unreported = 0;
  /** The hour of the last report, and the number of recipients that this worker has reported in this hour. */
  #reported = { hour: 0, recipients: 0 };
  /** For each provider: the page to which recipients are added next, in the list of recipients to which sending was given up. */
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

  /** Counts the outcome of a provider for each recipient. Resolves with the recipients whose refusal is doubtful (possibly wrong). Never rejects. */
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
      return new Set(await withTimeout(TABLE_WAIT_MS, this.#doubted(provider, refused), this.#context.clock));
    } catch {
      return new Set();
    }
  }

  /** Records recipients that get no further attempt because one provider refused their mailboxes. Throws if the table does not answer. */
  async listEnded(provider: string, recipients: readonly Ended[]): Promise<void> {
    await withTimeout(LIST_WAIT_MS, this.#listOnPages(provider, recipients), this.#context.clock);
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
    await withTimeout(TABLE_WAIT_MS, this.#report(), clock).catch(() => undefined);
  }

  get #hasGrown(): boolean {
    const { hour, recipients } = this.#reported;
    return this.#unreported >= Math.max(LEAST_REPORTED, hour === this.#place.hour ? recipients : 0);
  }

  /**
   * Adds the counts of this worker to the shared counts in the table. Resolves with the item of the current hour. If `doubted` is given, adds this
   * provider to the providers whose refusals are doubtful.
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
      const item = await this.#add(hour, { counts: pending.get(hour) ?? {}, newestHere, domains, doubted });
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
      readonly doubted?: string | undefined;
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

  /**
   * Returns the results for the newest recipients of each provider from the latest earlier hour that has an item. These results
   * are copied to the item of a new hour.
   */
  async #newestBefore(hour: number): Promise<Readonly<Record<string, Newest>>> {
    const keys = Array.from({ length: HOURS_BACK }, (_, back) => tallyKey(hour - 1 - back));
    const items = await this.#context.table.getAll(keys);
    return readTally(keys.map((key) => items.get(key)).find((item) => item !== undefined)).newest;
  }

  /** Passes the stored item to `step`, and writes the item that `step` returns, if any. Resolves with the item that is stored afterwards. */
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
      // The length of the pause is random. Otherwise two workers that have conflicted would conflict again.
      if (conflicts > 0) await clock.sleep(random() * MAX_PAUSE_MS);
    }
    throw new Error('other workers changed the item before every attempt to write it');
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

/** When an item has this number of counts, no further domain is added, since the size of an item is limited. */
const MAX_COUNTS = 5_000;

/** Returns the counts of the domains in which a mailbox was refused. Other domains are left out, since only refusals are compared. */
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
