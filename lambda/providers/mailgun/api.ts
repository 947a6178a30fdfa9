import type { Secret } from '../../platform/secrets.ts';

/** Base URLs of the API in the two regions. A domain, its events and its suppression lists exist in one region only. */
export const URLS = { us: 'https://api.mailgun.net', eu: 'https://api.eu.mailgun.net' } as const;

/** Returns the value of the header Authorization for the API key in a secret. */
export function authorizationOf({ apiKey = '' }: Secret): string {
  return `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
}
