import { RETRY_ATTRIBUTE } from '../../lambda/contract/dead-letter.ts';
import type { Queue } from '../../lambda/platform/queue.ts';
import type { Item, Table } from '../../lambda/platform/table.ts';

/** A release that has the ledger and keeps no lineage: it does not change that field. */
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

/** A release without a lineage signs its messages with the name of the worker only. */
export function withoutSignature(queue: Queue): Queue {
  return {
    send: (url, body, attributes = {}, delaySeconds, group) => {
      const { [RETRY_ATTRIBUTE.worker]: worker, ...others } = attributes;
      const name = worker?.split(' ')[0];
      return queue.send(url, body, { ...others, ...(name && { [RETRY_ATTRIBUTE.worker]: name }) }, delaySeconds, group);
    },
  };
}
