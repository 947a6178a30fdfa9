import type { Table } from '../platform/table.ts';
import { canaryItem, canaryKey, isGenuine, readCanary, readToken } from './canary.ts';

const MAX_CONFLICTS = 3;

/** A received mail with the token of a canary. */
export interface ReturnedCanary {
  readonly token: string;
  /** Key of the provider that received the mail. */
  readonly over: string;
  /** The recipients in the envelope of the mail. */
  readonly recipients: readonly string[];
  /**
   * Whether this mail proves that received mail arrives by itself; false if the reconciler had to fetch the mail.
   *
   * @default true
   */
  readonly proves?: boolean;
}

/**
 * Records a canary that returned. Returns the recipient for which the mail is the canary; the application must not get the
 * mail for this recipient. Returns undefined if the mail is no canary.
 *
 * A mail is a canary only if it has a token with a valid HMAC, and one recipient is the canary's address. Throws if the table
 * does not answer, since it is then unknown whether the mail is a canary.
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
  // A canary for a receiving provider that arrived through another provider does not show that the tested provider receives mail.
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
