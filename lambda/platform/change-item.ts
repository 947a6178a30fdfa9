import { ServiceError } from './service-failure.ts';
import type { Item, Table } from './table.ts';

/** Writes of one item that may lose against those of others, before a change is given up. */
const TRIES = 5;

/** An item that others changed at every try; nothing of this change was written. */
export class ContendedItemError extends ServiceError {
  override readonly name = 'ContendedItemError';
}

/**
 * Changes one item, with compare and set: `next` makes its new fields from the current item, again for each item that another
 * writer put there meanwhile, or undefined to leave it as it is.
 *
 * @returns the item as it is stored then
 * @throws ContendedItemError
 */
export async function changeItem(
  table: Pick<Table, 'get' | 'write'>,
  pk: string,
  next: (current: Item | undefined) => object | undefined | Promise<object | undefined>,
): Promise<Item | undefined> {
  let current = await table.get(pk);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const wanted = await next(current);
    if (wanted === undefined) return current;
    const written = await table.write({ ...wanted, pk }, current?.rev);
    if (written.done) return written.item;
    current = written.current;
  }
  throw new ContendedItemError('the item was changed by others at every try');
}
