import { ServiceError } from './service-failure.ts';
import type { Item, Table } from './table.ts';

/** Largest number of attempts to write one item. An attempt fails if another process has changed the item since the item was read. */
const TRIES = 5;

/** Error: the change of an item was not written, since other processes changed the item before every attempt. */
export class ContendedItemError extends ServiceError {
  override readonly name = 'ContendedItemError';
}

/**
 * Changes one item of the table by compare-and-set. `next` gets the current item, and returns the new fields, or undefined if the
 * item must not be changed. If another process changed the item before the write, `next` is called again with the newer item.
 *
 * @returns the stored item after the change
 * @throws ContendedItemError if other processes changed the item before each of five attempts
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
  throw new ContendedItemError('other processes changed the item before every attempt to write it');
}
