import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/** A signature is accepted for a day, plus a quarter of an hour of clock error: the token is kept for longer. */
const REMEMBER_S = 25 * 3_600;

/**
 * Binds a token to the content that it first came with; false if it is bound to other content.
 *
 * A request that fails later leaves its token bound, so that its retry is admitted and other content is not.
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
