import { isSameText } from '../../platform/same-text.ts';
import type { Refusal, WebhookRequest } from '../webhook.ts';

/** A user name with the passwords that are now valid for it. */
export interface Login {
  readonly username: string | undefined;
  readonly passwords: readonly (string | undefined)[];
}

/**
 * Returns the reason why the basic authentication of a request is invalid; undefined if it is valid. A password is used, since
 * Postmark does not sign requests.
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
