import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import type { Table } from '../platform/table.ts';

/** The reconciler's record of one received mail. */
export interface ReceptionState {
  /** Whether the check of the mail is finished. */
  readonly settled: boolean;
  /** Number of times that the provider was asked to post the mail again. */
  readonly asks: number;
  /** Time of the last request to post the mail again, in epoch milliseconds. */
  readonly askedAt: number;
  /** Number of times that the check of the mail failed. */
  readonly failures: number;
  /** Time of the last failed check, in epoch milliseconds. */
  readonly failedAt: number;
  /** Number of runs that crashed while they checked the mail. The content of the mail may be the cause. */
  readonly crashes: number;
}

/** Progress of the runs for one provider. */
export interface ReconcilerProgress {
  /** Time up to which all mail was checked, in epoch milliseconds. */
  readonly until?: number;
  /** Id of the received mail that is being checked; still set after a run that crashed. */
  readonly at?: string | undefined;
}

/** State of a received mail that was never checked. */
export const NEW_RECEPTION: ReceptionState = {
  settled: false,
  asks: 0,
  askedAt: 0,
  failures: 0,
  failedAt: 0,
  crashes: 0,
};
/**
 * Lifetime of a record, in seconds: at least as long as Postmark keeps mail. Therefore a mail that Postmark lists repeatedly is
 * checked only once.
 */
const REMEMBER_S = 46 * 86_400;
/** Largest number of keys in one call of BatchGetItem. */
const BATCH = 100;

/** Creates the access to the reconciler's items in the table: its progress for each provider, and the state of single received mails. */
export function createReconcilerState(table: Table, clock: Clock) {
  const pkOf = (provider: string, id: string) => `reconciled/${provider}/${id}`;
  const write = async (item: Readonly<Record<string, unknown>> & { readonly pk: string }): Promise<void> => {
    const before = await table.get(item.pk);
    // Runs do not overlap, so a failed write is ignored. If two runs did overlap, the run whose write failed would only
    // repeat the check of a mail that the other run has finished.
    await table.write({ ...before, ...item }, before?.rev);
  };
  return {
    async progress(provider: string): Promise<ReconcilerProgress> {
      const item = await table.get(`reconciler/${provider}`);
      const [until, at] = [item?.['until'], item?.['at']];
      return defined({
        until: typeof until === 'number' ? until : undefined,
        at: typeof at === 'string' ? at : undefined,
      });
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
     * Whether a message with each of the ids was put on the inbound queue. If `whole` is true, only complete messages count;
     * otherwise truncated messages count, too.
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
