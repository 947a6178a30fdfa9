import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/** State of one reception in the reconciler. */
export interface ReceptionState {
  readonly settled: boolean;
  /** How often the provider was asked to post it again. */
  readonly asks: number;
  /** Time of the last such request, in epoch milliseconds. */
  readonly askedAt: number;
  /** How often its check failed. */
  readonly failures: number;
  readonly failedAt: number;
  /** How many runs crashed during its check: its content may be the cause. */
  readonly crashes: number;
}

/** Progress of the runs for one provider. */
export interface ReconcilerProgress {
  /** Time up to which all mail was checked. */
  readonly until?: number;
  /** The reception that is being checked; still set after a run that crashed. */
  readonly at?: string | undefined;
}

/** State of a reception that was never checked. */
export const NEW_RECEPTION: ReceptionState = {
  settled: false,
  asks: 0,
  askedAt: 0,
  failures: 0,
  failedAt: 0,
  crashes: 0,
};
/** Lifetime of a record: as long as Postmark keeps mail, so that mail that it lists repeatedly is checked once. */
const REMEMBER_S = 46 * 86_400;
/** Largest number of keys of one BatchGetItem. */
const BATCH = 100;

/** The reconciler's items: its progress for each provider, and the state of single receptions. */
export function createReconcilerState(table: Table, clock: Clock) {
  const pkOf = (provider: string, id: string) => `reconciled/${provider}/${id}`;
  const write = async (item: Readonly<Record<string, unknown>> & { readonly pk: string }): Promise<void> => {
    const before = await table.get(item.pk);
    // Runs do not overlap; if two did, the loser would check again what the winner has settled.
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
    /**
     * Whether a message with each of the ids is on the inbound queue; `whole`: only complete mail counts, otherwise
     * notices too.
     */
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
