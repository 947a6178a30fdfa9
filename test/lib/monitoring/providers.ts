import type { ProviderList } from '../../../lambda/providers/registry.ts';
import { simulatedTypes } from '../../../local/simulators/registry.ts';

/** One provider of each type in bin/mailover.ts, in the order of that file. */
export const PROVIDERS: ProviderList = [
  { key: 'postmark', type: 'postmark', options: {} },
  { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
  { key: 'ses', type: 'ses', options: { identities: ['example.com', 'example.net'] } },
  { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com' } },
];

/** One provider of every type: the providers above, and one provider of each further type, with the options of its simulated provider. */
export const EVERY_TYPE = [
  ...PROVIDERS,
  ...Object.entries(simulatedTypes).flatMap(([type, { example }]) =>
    PROVIDERS.some((one) => one.type === type) ? [] : [{ key: type, type, options: example.options }],
  ),
] as ProviderList;
