import type { ListItem, ListTable } from '../../lambda/platform/list-table.ts';
import type { Item, NewItem, Table, Written } from '../../lambda/platform/table.ts';
import type { Faults } from '../faults/plan.ts';
import type { Random } from '../random.ts';
import type { Timeline } from './timeline.ts';
import type { DelayedAnswer, SimulatedWorker } from './worker.ts';

/** Largest item that DynamoDB accepts, in bytes. */
const MAX_ITEM_BYTES = 409_600;
/** Longest time until DynamoDB deletes an expired item: about two days. */
const TTL_SLACK_MS = 48 * 3_600_000;
/** Time in milliseconds after which the SDK gives up a call of the table, including the SDK's retry. */
const GIVE_UP_MS = 3_000;

interface Stored {
  readonly text: string;
  /** The item as an object; `text` is the same item as JSON. Watchers get this object and do not change it. */
  readonly item: Item;
  readonly deletedAt: number;
  /** The previous version of the item. Until the time `until` an eventually consistent read may return this version. */
  readonly before: { readonly text: string; readonly until: number } | undefined;
}

/**
 * An item that was serialised at the time of the call, so later changes of the object by the caller have no effect. The SDK
 * serialises items in the same way.
 */
interface Sent {
  readonly pk: string;
  readonly expires: number | undefined;
  readonly text: string;
}

/** An item of a list as JSON, with the time at which the item was stored. */
export interface ListedItem {
  readonly text: string;
  readonly at: number;
}

/** Observer of the table. */
export interface TableWatcher {
  /** A write took effect; `before` is the item that the write replaced. */
  written(worker: SimulatedWorker, item: Item, before: Item | undefined): void;
  /** A call of the table failed; the call may have taken effect nevertheless. */
  failed(worker: SimulatedWorker, pk: string): void;
}

/** A simulated table with conditional writes and faults: errors, throttling, slow answers, stale reads. */
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

  /** Returns the client of the table for one process. */
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

  /** Returns the client of the table with lists for one process. The reads of this client are consistent. */
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

  /** Returns the items of a list whose sort keys begin with `prefix`. */
  listed(pk: string, prefix = ''): readonly ListedItem[] {
    return Array.from(this.inLists.get(pk) ?? []).flatMap(([sk, item]) => (sk.startsWith(prefix) ? item : []));
  }

  /** Returns a client of the table without delays or faults, for operators and the health function. */
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
      faults.applies('table-down', random);
      return { afterMs: random.between(10, GIVE_UP_MS), error: named('TimeoutError') };
    }
    if (faults.applies('table-throttle', random))
      return { afterMs: random.between(50, 400), error: named('ThrottlingException') };
    const slow = faults.applies('table-slow', random) ? random.scaled(200, 2 * GIVE_UP_MS) : 0;
    if (faults.applies('table-errors', random)) {
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
      // The sender reads records of submissions only with consistent reads, so these items need no previous version.
      before:
        stored && !pk.startsWith('submission/')
          ? { text: stored.text, until: this.timeline.now + this.lagMs() }
          : undefined,
    });
    if (worker) this.watcher.written(worker, item, stored?.item);
    return { done: true, item };
  }

  private lagMs(): number {
    return this.faults.applies('table-stale', this.random) ? this.random.scaled(100, 5_000) : this.random.scaled(1, 50);
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
