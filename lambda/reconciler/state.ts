import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/** What was done about one reception. */
export interface ReceptionState {
  readonly settled: boolean;
  /** How often the provider was asked to post it again. */
  readonly asks: number;
  /** When it was asked last, in epoch milliseconds. */
  readonly askedAt: number;
  /** How often looking at it failed. */
  readonly failures: number;
  readonly failedAt: number;
  /** How many runs ended over it without a word: what it holds may be what killed them. */
  readonly deaths: number;
}

/** How far the runs have come with one provider. */
export interface ReconcilerProgress {
  /** Up to when all mail was looked at. */
  readonly until?: number;
  /** The reception that a run is at; it stands there after a run that was killed. */
  readonly at?: string | undefined;
}

/** A reception that nothing was done about. */
export const NEW_RECEPTION: ReceptionState = {
  settled: false,
  asks: 0,
  askedAt: 0,
  failures: 0,
  failedAt: 0,
  deaths: 0,
};
/** As long as Postmark keeps mail, so that what it lists again and again is looked at once. */
const REMEMBER_S = 46 * 86_400;
/** Most keys of one BatchGetItem. */
const BATCH = 100;

/** The reconciler's own items: how far it has looked at each provider, and what it did about single receptions. */
export function createReconcilerState(table: Table, clock: Clock) {
  const pkOf = (provider: string, id: string) => `reconciled/${provider}/${id}`;
  const write = async (item: Readonly<Record<string, unknown>> & { readonly pk: string }): Promise<void> => {
    const before = await table.get(item.pk);
    // One run at a time; should two meet, the loser looks once more at what the winner has settled.
    await table.write({ ...before, ...item }, before?.rev);
  };
  return {
    async progress(provider: string): Promise<ReconcilerProgress> {
      const item = await table.get(`reconciler/${provider}`);
      const [until, at] = [item?.['until'], item?.['at']];
      return { ...(typeof until === 'number' && { until }), ...(typeof at === 'string' && { at }) };
    },
    async setProgress(provider: string, progress: ReconcilerProgress): Promise<void> {
      await write({ pk: `reconciler/${provider}`, ...progress });
    },
    async cases(provider: string, ids: readonly string[]): Promise<ReadonlyMap<string, ReceptionState>> {
      const found = new Map<string, ReceptionState>();
      for (let start = 0; start < ids.length; start += BATCH) {
        const some = [...new Set(ids.slice(start, start + BATCH))];
        const items = await table.getAll(some.map((id) => pkOf(provider, id)));
        for (const id of some) {
          const item = items.get(pkOf(provider, id));
          if (item) found.set(id, { ...NEW_RECEPTION, ...(item as Partial<ReceptionState>) });
        }
      }
      return found;
    },
    async remember(provider: string, id: string, one: Partial<ReceptionState>): Promise<void> {
      const expires = Math.floor(clock.now() / 1000) + REMEMBER_S;
      await write({ pk: pkOf(provider, id), ...one, expires });
    },
    /** Whether a message of each id is on the inbound queue: the `whole` mail, or a notice as well. */
    async arrived(ids: readonly string[], whole: boolean): Promise<boolean> {
      if (ids.length === 0) return false;
      const items = await table.getAll(ids.slice(0, BATCH).map((id) => `inbound/${id}`));
      return ids.every((id) => {
        const item = items.get(`inbound/${id}`);
        return item?.['state'] === 'done' && !(whole && item['truncated'] === true);
      });
    },
  };
}

export type ReconcilerState = ReturnType<typeof createReconcilerState>;
