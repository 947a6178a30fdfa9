import type { Item, NewItem, Table } from '../platform/table.ts';
import { type Isolation, isIsolated } from './isolation.ts';
import { readIsolation, switchItem, switchKey } from './items.ts';

/**
 * Key of the item that lists all providers that were ever isolated (the index). The index is needed since the table cannot be
 * searched for isolations.
 */
const INDEX = 'switches';

const MAX_CONFLICTS = 10;

/**
 * Isolates a provider for `forMs` milliseconds from `now`. If the provider is isolated already, changes the reason and the end of
 * the isolation. Resolves with the isolation that was in force before; undefined if there was none. Throws if the table does not
 * answer, or if the writes of other workers conflict again and again.
 */
export async function isolate(
  table: Table,
  provider: string,
  wanted: { readonly reason: string; readonly who: string; readonly forMs: number },
  now: number,
): Promise<Isolation | undefined> {
  const { reason, who, forMs } = wanted;
  let before: Isolation | undefined;
  // The index is written before the item with the isolation (the switch). A switch that is missing in the index could not be
  // found, but an entry in the index without a switch does no harm.
  await addToIndex(table, provider);
  await change(table, switchKey(provider), (item) => {
    before = inForce(item, now);
    return switchItem(provider, item, { since: before?.since ?? now, until: now + forMs, reason, who });
  });
  return before;
}

/**
 * Ends an isolation. Resolves with the isolation that was ended; undefined if none was in force. Throws under the same conditions
 * as `isolate`.
 */
export async function release(
  table: Table,
  provider: string,
  who: string,
  now: number,
): Promise<Isolation | undefined> {
  let before: Isolation | undefined;
  await change(table, switchKey(provider), (item) => {
    before = inForce(item, now);
    return before && { ...switchItem(provider, item, { ...before, until: now }), releasedBy: who };
  });
  return before;
}

/** Returns the isolations that are in force, by provider key. */
export async function isolations(table: Table, now: number): Promise<ReadonlyMap<string, Isolation>> {
  const providers = providersOf(await table.get(INDEX));
  const found = new Map<string, Isolation>();
  for (const provider of providers) {
    const isolation = inForce(await table.get(switchKey(provider)), now);
    if (isolation) found.set(provider, isolation);
  }
  return found;
}

function inForce(item: Item | undefined, now: number): Isolation | undefined {
  const isolation = readIsolation(item);
  return isIsolated(isolation, now) ? isolation : undefined;
}

function addToIndex(table: Table, provider: string): Promise<void> {
  return change(table, INDEX, (item) => {
    const providers = providersOf(item);
    return providers.includes(provider)
      ? undefined
      : { ...item, pk: INDEX, providers: [...providers, provider].sort() };
  });
}

function providersOf(item: Item | undefined): readonly string[] {
  const providers = item?.['providers'];
  return Array.isArray(providers) ? providers.filter((key) => typeof key === 'string') : [];
}

/**
 * Passes the current item to `step`, and writes the item that `step` returns. Writes nothing if `step` returns undefined. If
 * another worker has changed the item in the meantime, tries again; throws after `MAX_CONFLICTS` further tries.
 */
async function change(table: Table, pk: string, step: (item: Item | undefined) => NewItem | undefined): Promise<void> {
  let item = await table.get(pk);
  for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts += 1) {
    const wanted = step(item);
    if (!wanted) return;
    const written = await table.write(wanted, item?.rev);
    if (written.done) return;
    item = written.current;
  }
  throw new Error(`another process changed the item ${pk} before every attempt to write it; nothing was changed`);
}
