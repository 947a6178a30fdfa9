import type { Secret } from '../../platform/secrets.ts';

/** Base URLs of the API in the two regions. The regions share no domains, events or suppressions. */
export const URLS = { us: 'https://api.mailgun.net', eu: 'https://api.eu.mailgun.net' } as const;

/** Returns the value of the header Authorization for the API key in a secret. */
export function authorizationOf({ apiKey = '' }: Secret): string {
  return `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
}
