import type { Table } from '../platform/table.ts';
import { canaryItem, canaryKey, isGenuine, readCanary, readToken } from './canary.ts';

const MAX_CONFLICTS = 3;

/** A mail that has come in with a canary's token. */
export interface ReturnedCanary {
  readonly token: string;
  /** Key of the provider that it came over. */
  readonly over: string;
  /** The recipients of its envelope. */
  readonly recipients: readonly string[];
  /**
   * Whether it came by the way that it is to prove; the reconciler finds mail that did not.
   * @default true
   */
  readonly proves?: boolean;
}

/**
 * Notes a canary that has come back, and gives the recipient whose copy it is: our own mail, for nobody to read.
 *
 * Only with the token that it was sent with, and at its own address, is a mail that. Throws when the table does: whether it
 * is one cannot be told then.
 */
export async function noteReturn(
  table: Table,
  { token, over, recipients, proves = true }: ReturnedCanary,
): Promise<string | undefined> {
  const said = readToken(token);
  if (said === undefined) return undefined;
  let item = await table.get(canaryKey(said));
  const { to = '', secret } = readCanary(item);
  const own = recipients.find((recipient) => recipient.trim().toLowerCase() === to.toLowerCase());
  if (own === undefined || !isGenuine(token, secret)) return undefined;
  if (!proves) return own;
  // One for a way in that came by another proves nothing of that way.
  if (said.way === 'in' && said.provider !== over) return own;
  for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts++) {
    const { newestBack = 0 } = readCanary(item);
    if (newestBack >= said.sentAt) break;
    const written = await table.write(canaryItem(said, item, { newestBack: said.sentAt }), item?.rev);
    if (written.done) break;
    item = written.current;
  }
  return own;
}
