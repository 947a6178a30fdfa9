import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/**
 * Time for which a token is remembered, in seconds. It is longer than the time for which a signature is accepted: a day,
 * plus a quarter of an hour for errors of clocks.
 */
const REMEMBER_S = 25 * 3_600;

/**
 * Binds the token of a signature to the content of the first request with this token; returns false if the token is bound to
 * other content.
 *
 * The token stays bound if the processing of the request fails later. Therefore a retry of the request is admitted, and a
 * request with the same token and other content is not.
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
