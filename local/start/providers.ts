import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventsEnvironment } from '../../lambda/contract/events-environment.ts';
import { inboundEnvironment } from '../../lambda/contract/inbound-environment.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { makeSecret } from '../aws/secrets.ts';
import { publishAsSes, receiveAsSes } from '../aws/ses-rules.ts';
import { closesPort } from '../faults/faults.ts';
import { checkPorts, PORTS } from '../network/ports.ts';
import { accountsOf } from '../simulators/accounts.ts';
import { domainsOf } from '../simulators/domains.ts';
import { mailExchange, zonesOf } from '../simulators/inbound/mail-exchange.ts';
import { type Simulators, startSimulators, tlsHosts } from '../simulators/main.ts';
import { makeCertificate } from '../simulators/smtp/certificate.ts';
import { type LocalReceiving, startReceiving } from '../simulators/start-receiving.ts';
import type { Deployment } from '../template/deployed.ts';
import { findFunction } from '../template/find-function.ts';
import type { Servers } from './servers.ts';
import type { Start } from './start.ts';

/** The simulated providers, and the path of the file with the TLS certificate of their SMTP servers. */
export interface StartedProviders {
  readonly simulators: Simulators;
  readonly certificateFile: string;
}

/**
 * Starts a simulator for each account at a provider. Generates the secrets of these accounts, and the secrets for received mail
 * and delivery events.
 */
export async function startProviders(
  start: Start,
  servers: Servers,
  deployment: Deployment,
): Promise<StartedProviders> {
  const { live, base, own, clock, faults, closers } = start;
  const { secrets } = servers.aws;
  const accounts = accountsOf(deployment);
  const providers = accounts.map(({ config }) => config);
  checkPorts(base, providers.length);

  const providerSecrets: Record<string, Record<string, string>> = {};
  for (const { config, secretName } of accounts) {
    const fields = definitionOf(config.type).secretFields;
    if (fields.length === 0) continue;
    const secret = makeSecret(config.key, fields);
    providerSecrets[config.key] = secret;
    if (secretName !== undefined) secrets.set(secretName, secret);
  }
  const receiving = receivingOf(start, servers, deployment, providerSecrets);
  live.receiving = receiving;
  closers.push(receiving.close);
  for (const { name, secret } of receiving.secrets) secrets.set(name, secret);

  const tls = await makeCertificate(tlsHosts(providers));
  const certificateFile = join(start.directory, 'certificate.pem');
  await writeFile(certificateFile, tls.cert);
  const simulators = await startSimulators({
    providers,
    basePort: base + PORTS.simulators,
    secrets: providerSecrets,
    tls,
    faults,
    own,
    clock,
    receiving: receiving.access,
    reports: receiving.reporters,
    deliver: mailExchange({
      zones: zonesOf(domainsOf(deployment)),
      isUp: (key) => !closesPort(faults.get(key)),
      async receive(key, { raw, from, to }) {
        if (receiving.access[key]) return receiving.access[key].receiving.take({ raw, from, to });
        return receiveAsSes({ raw, from: from ?? '', to: [to] }, deployment, servers.aws);
      },
    }),
  });
  live.simulators = simulators;
  closers.push(simulators.close);
  return { simulators, certificateFile };
}

/** Creates the parts of the simulators that post received mail and delivery events to the functions. */
function receivingOf(
  { live, clock }: Start,
  { aws, httpUrl, apiUrl }: Servers,
  deployment: Deployment,
  providerSecrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
): LocalReceiving {
  return startReceiving({
    environment: findFunction(deployment, inboundEnvironment)?.environment,
    events: findFunction(deployment, eventsEnvironment)?.environment,
    queueUrlOf: (arn) => aws.queues.getQueueByArn(arn)?.url ?? '',
    publish: (event) => publishAsSes(event, deployment, aws),
    providerSecrets,
    httpUrl,
    apiUrl,
    endpointOf: (key) => live.simulators?.endpoints[key] ?? '',
    clock,
  });
}
