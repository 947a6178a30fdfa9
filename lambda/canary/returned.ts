import type { Table } from '../platform/table.ts';
import { canaryItem, canaryKey, canaryOf, readCanary } from './canary.ts';

const MAX_CONFLICTS = 3;

/** Notes that mail with this submission id has come back to us; does nothing unless it is a canary. Throws when the table does. */
export async function noteReturn(table: Table, submissionId: string, now: number): Promise<void> {
  const canary = canaryOf(submissionId);
  if (canary === undefined) return;
  let item = await table.get(canaryKey(canary.provider));
  for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts++) {
    const { sentSlot, returnedAt = 0 } = readCanary(item);
    // Mail that we never sent, or that is known already.
    if (sentSlot === undefined || canary.slot > sentSlot || returnedAt >= now) return;
    const written = await table.write(canaryItem(canary.provider, item, { returnedAt: now }), item?.rev);
    if (written.done) return;
    item = written.current;
  }
}
