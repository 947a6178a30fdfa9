import { loadReleases, type Releases } from '../../chaos/releases/load.ts';
import { loadPrevious } from '../../chaos/releases/previous.ts';
import { previousProcess } from '../../chaos/releases/previous-process.ts';
import type { World } from '../../chaos/world/world.ts';
import type { Table } from '../../lambda/platform/table.ts';

const releases = await loadReleases();
const previous = await loadPrevious();

/** Every process runs the release before the ledger, and says that it is this one. */
export const withoutLedger: Releases = (worker, world) => previousProcess(previous, worker, world);

/** Each process says of its first batch that all is done, and does nothing. */
export const forgetful: Releases = (worker, world) => {
  const handler = releases(worker, world);
  let first = true;
  return async (records, remainingMs) => {
    if (!first) return handler(records, remainingMs);
    first = false;
    return { batchItemFailures: [] };
  };
};

/** Writes only the fields that it knows. */
export const narrow: Releases = (worker, world) => {
  if (worker.release === 'newer') return releases(worker, world);
  const table: Table = world.table.of(worker);
  const narrowed: Table = {
    ...table,
    write: ({ laterBy: _, ...item }, expected) => table.write(item, expected),
  };
  const other: World = Object.create(world, { table: { value: { of: () => narrowed } } });
  return releases(worker, other);
};
