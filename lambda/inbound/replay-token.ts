import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/** A day of age and a quarter of an hour of error in the clock: after that the signature itself is refused. */
const REMEMBER_S = 25 * 3_600;

/**
 * Binds a token to the content that it first came with; false if it is bound to another one.
 *
 * A request that fails later leaves the token bound to itself, so its retry is let in and nothing else is.
 */
export async function bindToken(
  table: Table,
  clock: Clock,
  { token, content }: { readonly token: string; readonly content: string },
): Promise<boolean> {
  const pk = `token/${createHash('sha256').update(token).digest('base64url')}`;
  const expires = Math.floor(clock.now() / 1000) + REMEMBER_S;
  const written = await table.write({ pk, content, expires }, undefined);
  return written.done || written.current?.['content'] === content;
}
