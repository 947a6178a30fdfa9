import type { ListItem, ListTable } from '../../lambda/platform/list-table.ts';
import type { Item, NewItem, Table, Written } from '../../lambda/platform/table.ts';
import type { Faults } from '../faults/plan.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { DelayedAnswer, SimulatedWorker } from './worker.ts';

/** Largest item of DynamoDB. */
const MAX_ITEM_BYTES = 409_600;
/** DynamoDB deletes an item within about two days after it has expired. */
const TTL_SLACK_MS = 48 * 3_600_000;
/** Time-out of the SDK for one answer, including its retry. */
const GIVE_UP_MS = 3_000;

interface Stored {
  readonly text: string;
  /** The item of `text`, for watchers, who do not change it. */
  readonly item: Item;
  readonly deletedAt: number;
  /** The previous version of the item, which an eventually consistent read may still return. */
  readonly before: { readonly text: string; readonly until: number } | undefined;
}

/** An item as it was at the time of the call, as the SDK sends it. */
interface Sent {
  readonly pk: string;
  readonly expires: number | undefined;
  readonly text: string;
}

/** An item of a list, as text. */
export interface ListedItem {
  readonly text: string;
  readonly at: number;
}

/** Observer of the table. */
export interface TableWatcher {
  /** A write took effect; `before` is the replaced item. */
  written(worker: SimulatedWorker, item: Item, before: Item | undefined): void;
  /** A call failed, whether or not it took effect. */
  failed(worker: SimulatedWorker, pk: string): void;
}

/** A table with conditional writes, with faults: errors, throttling, slowness. */
export class SimulatedTable {
  private readonly items = new Map<string, Stored>();
  private readonly inLists = new Map<string, Map<string, ListedItem>>();
  private readonly timeline: Timeline;
  private readonly faults: Faults;
  private readonly random: Random;
  private readonly watcher: TableWatcher;
  writes = 0;
  reads = 0;

  constructor(timeline: Timeline, faults: Faults, random: Random, watcher: TableWatcher) {
    this.timeline = timeline;
    this.faults = faults;
    this.random = random;
    this.watcher = watcher;
  }

  /** The table for one process. */
  of(worker: SimulatedWorker): Table {
    const request = <T>(name: string, pk: string, act: () => T): Promise<T> =>
      worker.request(`table.${name}`, this.random.between(1, 8), () => {
        const answer = worker.reaches('table')
          ? this.answer(name === 'write', act)
          : { afterMs: this.random.between(1, GIVE_UP_MS), error: named('TimeoutError') };
        if ('error' in answer) this.watcher.failed(worker, pk);
        return answer;
      });
    return {
      get: (pk) => request('get', pk, () => this.read(pk)),
      getAll: (pks) =>
        request(
          'getAll',
          '',
          () => new Map(pks.flatMap((pk) => [this.readLoosely(pk)].flatMap((one) => (one ? [[pk, one]] : [])))),
        ),
      write: (item, expected) => {
        const sent = sentOf(item);
        return request('write', item.pk, () => this.write(worker, sent, expected));
      },
    };
  }

  /** The table of lists for one process: a read is never stale. */
  lists(worker: SimulatedWorker): Pick<ListTable, 'add' | 'put' | 'list'> {
    const request = <T>(name: 'add' | 'put' | 'list', act: () => T): Promise<T> =>
      worker.request(`lists.${name}`, this.random.between(1, 8), () => this.answer(name !== 'list', act));
    const write = (name: 'add' | 'put', item: ListItem): Promise<void> => {
      const text = JSON.stringify(item);
      return request(name, () => {
        const list = this.inLists.get(item.pk) ?? new Map<string, ListedItem>();
        this.inLists.set(item.pk, list);
        if (name === 'put' || !list.has(item.sk)) list.set(item.sk, { text, at: this.timeline.now });
      });
    };
    return {
      add: (item) => write('add', item),
      put: (item) => write('put', item),
      list: (pk, prefix = '') =>
        request('list', () => this.listed(pk, prefix).map(({ text }) => JSON.parse(text) as ListItem)),
    };
  }

  /** Items of a list whose places begin with `prefix`, each with the time at which it was added. */
  listed(pk: string, prefix = ''): readonly ListedItem[] {
    return Array.from(this.inLists.get(pk) ?? []).flatMap(([sk, item]) => (sk.startsWith(prefix) ? item : []));
  }

  /** The table for an operator's machine: without delay or faults. */
  direct(): Table {
    return {
      get: async (pk) => this.read(pk),
      getAll: async (pks) => new Map(pks.flatMap((pk) => [this.read(pk)].flatMap((one) => (one ? [[pk, one]] : [])))),
      write: async (item, expected) => this.write(undefined, sentOf(item), expected),
    };
  }

  private answer<T>(writes: boolean, act: () => T): DelayedAnswer<T> {
    const { faults, random } = this;
    if (writes) this.writes += 1;
    else this.reads += 1;
    if (faults.active('table-down')) {
      faults.strikes('table-down', random);
      return { afterMs: random.between(10, GIVE_UP_MS), error: named('TimeoutError') };
    }
    if (faults.strikes('table-throttle', random))
      return { afterMs: random.between(50, 400), error: named('ThrottlingException') };
    const slow = faults.strikes('table-slow', random) ? random.scaled(200, 2 * GIVE_UP_MS) : 0;
    if (faults.strikes('table-errors', random)) {
      if (random.chance(0.5)) attempt(act);
      return { afterMs: random.between(5, GIVE_UP_MS), error: named('InternalServerError') };
    }
    const result = attempt(act);
    if (slow > GIVE_UP_MS) return { afterMs: GIVE_UP_MS, error: named('TimeoutError') };
    return { afterMs: random.between(1, 8) + slow, ...result };
  }

  private write(
    worker: SimulatedWorker | undefined,
    { pk, expires, text }: Sent,
    expected: number | undefined,
  ): Written {
    const stored = this.live(pk);
    if (stored?.item.rev !== expected) return { done: false, current: stored && (JSON.parse(stored.text) as Item) };
    const next = `${text.slice(0, -1)},"rev":${(expected ?? 0) + 1}}`;
    if (next.length > MAX_ITEM_BYTES) throw named('ValidationException');
    const item: Item = JSON.parse(next);
    this.items.set(pk, {
      text: next,
      item,
      deletedAt: expires === undefined ? Infinity : expires * 1_000 + this.random.between(0, TTL_SLACK_MS),
      // Records of submissions are read consistently.
      before:
        stored && !pk.startsWith('submission/')
          ? { text: stored.text, until: this.timeline.now + this.lagMs() }
          : undefined,
    });
    if (worker) this.watcher.written(worker, item, stored?.item);
    return { done: true, item };
  }

  private lagMs(): number {
    return this.faults.strikes('table-stale', this.random) ? this.random.scaled(100, 5_000) : this.random.scaled(1, 50);
  }

  private read(pk: string): Item | undefined {
    const stored = this.live(pk);
    return stored && (JSON.parse(stored.text) as Item);
  }

  private readLoosely(pk: string): Item | undefined {
    const stored = this.live(pk);
    if (!stored) return undefined;
    const { before } = stored;
    const old = before && this.timeline.now < before.until && this.random.chance(0.5);
    return JSON.parse(old ? before.text : stored.text) as Item;
  }

  private live(pk: string): Stored | undefined {
    const stored = this.items.get(pk);
    if (!stored || this.timeline.now < stored.deletedAt) return stored;
    this.items.delete(pk);
    return undefined;
  }
}

function sentOf(item: NewItem): Sent {
  return { pk: item.pk, expires: item.expires, text: JSON.stringify(item) };
}

function attempt<T>(act: () => T): { readonly value: T } | { readonly error: Error } {
  try {
    return { value: act() };
  } catch (error) {
    return { error: error as Error };
  }
}

function named(name: string): Error {
  return Object.assign(new Error('the simulated table failed'), { name });
}
