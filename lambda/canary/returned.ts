import type { Table } from '../platform/table.ts';
import { canaryItem, canaryKey, isGenuine, readCanary, readToken } from './canary.ts';

const MAX_CONFLICTS = 3;

/** A received mail with the token of a canary. */
export interface ReturnedCanary {
  readonly token: string;
  /** Key of the provider that received it. */
  readonly over: string;
  /** The recipients of its envelope. */
  readonly recipients: readonly string[];
  /**
   * Whether it arrived through the tested provider; false for mail that the reconciler found.
   *
   * @default true
   */
  readonly proves?: boolean;
}

/**
 * Records a canary that returned; resolves with the recipient whose copy it is, which is not passed on to the
 * application.
 *
 * A mail is a canary only with the token that was sent, and at the canary's own address. Throws if the table does not
 * answer, since it is then unknown whether the mail is a canary.
 */
export async function noteReturn(
  table: Table,
  { token, over, recipients, proves = true }: ReturnedCanary,
): Promise<string | undefined> {
  const claimed = readToken(token);
  if (claimed === undefined) return undefined;
  let item = await table.get(canaryKey(claimed));
  const { to = '', secret } = readCanary(item);
  const own = recipients.find((recipient) => recipient.trim().toLowerCase() === to.toLowerCase());
  if (own === undefined || !isGenuine(token, secret)) return undefined;
  if (!proves) return own;
  // A canary for a receiving provider that arrived through another one proves nothing.
  if (claimed.way === 'in' && claimed.provider !== over) return own;
  for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts++) {
    const { newestBack = 0 } = readCanary(item);
    if (newestBack >= claimed.sentAt) break;
    const written = await table.write(canaryItem(claimed, item, { newestBack: claimed.sentAt }), item?.rev);
    if (written.done) break;
    item = written.current;
  }
  return own;
}
