import { generate } from 'selfsigned';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard, parseFaults } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import { type SimulatorOptions, startSimulators } from '../../../local/simulators/main.ts';

const PROVIDERS: readonly ProviderConfig[] = [
  { key: 'pm', type: 'postmark', options: {} },
  { key: 'mg', type: 'mailgun', options: { domain: 'mg.example.com' } },
  { key: 'sg', type: 'sendgrid', options: {} },
  { key: 'ses', type: 'ses', options: { identities: ['example.com'], configurationSet: 'mailover' } },
  { key: 'mta', type: 'smtp', options: { host: 'mail.example.com' } },
  { key: 'mta-tls', type: 'smtp', options: { host: 'mail.example.com', tls: 'implicit' } },
  { key: 'mta-plain', type: 'smtp', options: { host: 'mail.example.com', tls: 'none' } },
];

/** Credentials of the simulated accounts. */
export const SECRETS = {
  pm: { serverToken: 'token' },
  mg: { apiKey: 'key' },
  sg: { apiKey: 'SG.key' },
  mta: { username: 'user', password: 'pass' },
  'mta-tls': { username: 'user', password: 'pass' },
  'mta-plain': { username: 'user', password: 'pass' },
};

/** Starts simulators of all provider types on free ports, with helper functions for tests. */
export async function simulators(timeScale = 1, deliver?: SimulatorOptions['deliver']) {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  const faults = new FaultBoard();
  const running = await startSimulators({
    providers: PROVIDERS,
    basePort: 0,
    secrets: SECRETS,
    tls: { key: pems.private, cert: pems.cert },
    faults,
    own: ownHosts(),
    clock: new StackClock(timeScale),
    ...defined({ deliver }),
  });
  return {
    ...running,
    faults,
    fault: async (scope: string, input: unknown) => await faults.set(scope, parseFaults(input)),
    hits: (scope: string) => faults.get(scope).map(({ hits }) => hits),
    url: (key: string) => running.endpoints[key] ?? '',
    port: (key: string) => Number(new URL(running.endpoints[key] ?? '').port),
  };
}
