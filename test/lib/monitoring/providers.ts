import type { ProviderList } from '../../../lambda/providers/registry.ts';

/** One provider of each type, in the order of bin/mailover.ts. */
export const PROVIDERS: ProviderList = [
  { key: 'postmark', type: 'postmark', options: {} },
  { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
  { key: 'ses', type: 'ses', options: { identities: ['example.com', 'example.net'] } },
  { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com' } },
];
