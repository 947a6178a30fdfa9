import { isSameText } from '../../platform/same-text.ts';
import type { Refusal, WebhookRequest } from '../webhook.ts';

/** A user name with its current password and, during a rotation, its previous password, which is still valid. */
export interface Login {
  readonly username: string | undefined;
  readonly passwords: readonly (string | undefined)[];
}

/**
 * Returns the reason why the basic authentication (RFC 7617) of a request is invalid; undefined if it is valid. Requests are
 * authenticated by a password, since Postmark does not sign them.
 */
export function passwordProblem(
  { headers }: WebhookRequest,
  { username, passwords }: Login,
): Refusal['reason'] | undefined {
  const valid = passwords.filter((password) => password !== undefined && password !== '');
  if (!username || !passwords[0]) return 'no-key';
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]{1,2000})$/i.exec(headers['authorization']?.trim() ?? '') ?? [];
  if (encoded === undefined) return 'missing';
  const given = Buffer.from(encoded, 'base64').toString('utf8');
  const matches = valid.map((password) => isSameText(given, `${username}:${password}`));
  return matches.includes(true) ? undefined : 'wrong';
}
