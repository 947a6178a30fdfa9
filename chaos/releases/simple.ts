import { RETRY_ATTRIBUTE } from '../../lambda/contract/dead-letter.ts';
import type { Queue } from '../../lambda/platform/queue.ts';
import type { Item, Table } from '../../lambda/platform/table.ts';

/** A release that has the ledger and keeps no lineage: it leaves that field as it stands, as one that it does not know. */
export function withoutLineage(table: Table): Table {
  const stood = new Map<string, unknown>();
  const read = (item: Item | undefined): Item | undefined => {
    if (item === undefined) return undefined;
    const { lineage, ...known } = item;
    stood.set(item.pk, lineage);
    return known as Item;
  };
  return {
    get: async (pk) => read(await table.get(pk)),
    getAll: (pks) => table.getAll(pks),
    write: async ({ lineage: _own, ...item }, expected) => {
      const lineage = expected === undefined ? undefined : stood.get(item.pk);
      const written = await table.write({ ...item, ...(lineage !== undefined && { lineage }) }, expected);
      return written.done
        ? { done: true, item: read(written.item) as Item }
        : { done: false, current: read(written.current) };
    },
  };
}

/** Such a release signs its letters with the name of the worker alone. */
export function withoutSignature(queue: Queue): Queue {
  return {
    send: (url, body, attributes = {}, delaySeconds, group) => {
      const { [RETRY_ATTRIBUTE.worker]: worker, ...others } = attributes;
      const name = worker?.split(' ')[0];
      return queue.send(url, body, { ...others, ...(name && { [RETRY_ATTRIBUTE.worker]: name }) }, delaySeconds, group);
    },
  };
}
