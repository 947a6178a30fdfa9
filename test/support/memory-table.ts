import { writeTo } from '../../bench/immediate-table.ts';
import type { Item, Table } from '../../lambda/platform/table.ts';

/** A state table in memory. A test can read its items and make its operations fail. */
export interface MemoryTable extends Table {
  readonly items: Map<string, Item>;
  reads: number;
  writes: number;
  /** `work`: the table works. `fail`: every operation fails. `hang`: no operation ever ends. */
  behavior: 'work' | 'fail' | 'hang';
  /** Called before each operation. If this function throws an error, the operation fails with this error. */
  trouble: () => void;
  /**
   * Called after each write. If this function throws an error, the item is written, but the caller gets the error, as after a
   * lost answer.
   */
  answerLost: () => void;
}

export function memoryTable(): MemoryTable {
  const items = new Map<string, Item>();
  const call = async <T>(work: () => T): Promise<T> => {
    if (table.behavior === 'hang') return new Promise<never>(() => {});
    if (table.behavior === 'fail') throw new Error('the table does not answer');
    table.trouble();
    await undefined;
    return structuredClone(work());
  };
  const table: MemoryTable = {
    items,
    reads: 0,
    writes: 0,
    behavior: 'work',
    trouble: () => undefined,
    answerLost: () => undefined,
    get: (pk) => call(() => items.get(pk)),
    getAll: (pks) => {
      table.reads += 1;
      return call(() => new Map(pks.flatMap((pk) => (items.has(pk) ? [[pk, items.get(pk) as Item]] : []))));
    },
    write: (item, expected) =>
      call(() => {
        table.writes += 1;
        const written = writeTo(items, item, expected);
        if (written.done) table.answerLost();
        return written;
      }),
  };
  return table;
}
