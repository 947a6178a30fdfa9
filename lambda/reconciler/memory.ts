import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/** What was done about one reception. */
export interface Case {
  readonly settled: boolean;
  /** How often the provider was asked to post it again. */
  readonly asks: number;
  /** When it was asked last, in epoch milliseconds. */
  readonly askedAt: number;
}

const NEW: Case = { settled: false, asks: 0, askedAt: 0 };
/** As long as Postmark keeps mail, so that what it lists again and again is looked at once. */
const REMEMBER_S = 46 * 86_400;
/** Most keys of one BatchGetItem. */
const BATCH = 100;

/** The reconciler's own items: how far it has looked at each provider, and what it did about single receptions. */
export function createMemory(table: Table, clock: Clock) {
  const pkOf = (provider: string, id: string) => `reconciled/${provider}/${id}`;
  const write = async (item: Readonly<Record<string, unknown>> & { readonly pk: string }): Promise<void> => {
    const before = await table.get(item.pk);
    // One run at a time; should two meet, the loser looks once more at what the winner has settled.
    await table.write({ ...before, ...item }, before?.rev);
  };
  return {
    /** Up to when all mail of a provider was looked at. */
    async seenUntil(provider: string): Promise<number | undefined> {
      const until = (await table.get(`reconciler/${provider}`))?.['until'];
      return typeof until === 'number' ? until : undefined;
    },
    async setSeenUntil(provider: string, until: number): Promise<void> {
      await write({ pk: `reconciler/${provider}`, until });
    },
    async cases(provider: string, ids: readonly string[]): Promise<ReadonlyMap<string, Case>> {
      const found = new Map<string, Case>();
      for (let start = 0; start < ids.length; start += BATCH) {
        const some = [...new Set(ids.slice(start, start + BATCH))];
        const items = await table.getAll(some.map((id) => pkOf(provider, id)));
        for (const id of some) {
          const item = items.get(pkOf(provider, id));
          if (item) found.set(id, { ...NEW, ...(item as unknown as Case) });
        }
      }
      return found;
    },
    async remember(provider: string, id: string, one: Partial<Case>): Promise<void> {
      const expires = Math.floor(clock.now() / 1000) + REMEMBER_S;
      await write({ pk: pkOf(provider, id), ...one, expires });
    },
    /** Whether a message of this id is on the inbound queue, whole or as a notice. */
    async arrived(ids: readonly string[]): Promise<boolean> {
      if (ids.length === 0) return false;
      const items = await table.getAll(ids.slice(0, BATCH).map((id) => `inbound/${id}`));
      return ids.every((id) => items.get(`inbound/${id}`)?.['state'] === 'done');
    },
  };
}

export type Memory = ReturnType<typeof createMemory>;
