import { RETRY_ATTRIBUTE } from '../../../lambda/contract/dead-letter.ts';
import type { Queue } from '../../../lambda/platform/queue.ts';
import type { Item, Table } from '../../../lambda/platform/table.ts';

/**
 * Returns a table that loses the lineage of queue messages (which message replaced which). Every record that is read has an
 * unknown lineage.
 */
export function withoutLineage(table: Table): Table {
  const read = (item: Item): Item => ('lineage' in item ? { ...item, lineage: 'unknown' } : item);
  return {
    get: async (pk) => {
      const item = await table.get(pk);
      return item && read(item);
    },
    getAll: (pks) => table.getAll(pks),
    write: async (item, expected) => {
      const written = await table.write(item, expected);
      if (written.done) return { done: true, item: read(written.item) };
      return { done: false, current: written.current && read(written.current) };
    },
  };
}

/** Returns a queue client whose messages name the worker that sent them, but lack the signature of this worker. */
export function withoutSignature(queue: Queue): Queue {
  return {
    send: (url, body, attributes = {}, delaySeconds, group) => {
      const { [RETRY_ATTRIBUTE.worker]: worker, ...others } = attributes;
      const name = worker?.split(' ')[0];
      return queue.send(url, body, { ...others, ...(name && { [RETRY_ATTRIBUTE.worker]: name }) }, delaySeconds, group);
    },
  };
}
