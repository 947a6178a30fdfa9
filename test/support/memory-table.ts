import type { Item, Table } from '../../lambda/platform/table.ts';

/** A table in memory that a test can inspect and make fail. */
export interface MemoryTable extends Table {
  readonly items: Map<string, Item>;
  reads: number;
  writes: number;
  /** `fail`: every call throws; `hang`: no call ever ends. */
  mood: 'good' | 'fail' | 'hang';
  /** Called before each operation; an error that it throws fails the operation. */
  trouble: () => void;
  /** Called after each write: an error that it throws is a lost answer. */
  answerLost: () => void;
}

export function memoryTable(): MemoryTable {
  const items = new Map<string, Item>();
  const call = async <T>(work: () => T): Promise<T> => {
    if (table.mood === 'hang') return new Promise<never>(() => {});
    if (table.mood === 'fail') throw new Error('the table does not answer');
    table.trouble();
    await undefined;
    return structuredClone(work());
  };
  const table: MemoryTable = {
    items,
    reads: 0,
    writes: 0,
    mood: 'good',
    trouble: () => undefined,
    answerLost: () => undefined,
    get: (pk) => call(() => items.get(pk)),
    getAll: (pks) => {
      table.reads += 1;
      return call(() => new Map(pks.flatMap((pk) => (items.has(pk) ? [[pk, items.get(pk) as Item]] : []))));
    },
    write: (item, expected) => {
      return call(() => {
        table.writes += 1;
        const current = items.get(item.pk);
        if (current?.rev !== expected) return { done: false as const, current };
        // Undefined fields are not stored, as in DynamoDB.
        const stored = JSON.parse(JSON.stringify({ ...item, rev: (expected ?? 0) + 1 })) as Item;
        items.set(item.pk, stored);
        table.answerLost();
        return { done: true as const, item: stored };
      });
    },
  };
  return table;
}
