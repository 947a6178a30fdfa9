import { healthEnvironment } from '../../../lambda/contract/health-environment.ts';
import {
  type InboundEnvironment,
  type InboundProvider,
  inboundEnvironment,
} from '../../../lambda/contract/inbound-environment.ts';
import { reconcilerEnvironment } from '../../../lambda/contract/reconciler-environment.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import type { InboundRoute } from '../../api/stack-info.ts';
import { makeSecret } from '../../aws/secrets.ts';
import type { Deployment } from '../../template/deployed.ts';
import { findFunction } from '../../template/find-function.ts';
import type { Domains } from './mail-exchange.ts';

/** A receiving provider with generated keys and paths, for this start of the stack only. */
export interface LocalInbound {
  readonly provider: InboundProvider;
  /** Absent for SES, which posts nothing. */
  readonly secret?: Readonly<Record<string, string>>;
}

/** The domains that a deployment receives mail for, by the environments of its functions and its receipt rules. */
export function domainsOf(deployment: Deployment): Domains {
  const health = findFunction(deployment, healthEnvironment)?.environment;
  const reconciled = findFunction(deployment, reconcilerEnvironment)?.environment.providers ?? [];
  const receiving = findFunction(deployment, inboundEnvironment)?.environment.providers ?? [];
  const ofRules = deployment.receiptRules
    .flatMap(({ recipients }) => recipients)
    .map((one) => one.slice(one.lastIndexOf('@') + 1));
  const listed = [
    ...reconciled.flatMap(({ key, domains }) => (domains ? [[key, domains] as const] : [])),
    ...receiving.flatMap(({ key, type }) => (type === 'ses' ? [[key, ofRules] as const] : [])),
  ];
  return {
    providers: receiving,
    listed: Object.fromEntries(listed),
    canaries: Object.fromEntries((health?.inboundCanaries ?? []).map(({ key, canary }) => [key, canary.to])),
    addresses: (health?.providers ?? []).flatMap(({ canary }) => canary?.to ?? []),
  };
}

/** Generates the current and previous keys, passwords and paths of every receiving provider. */
export function localInbound(environment: InboundEnvironment | undefined): LocalInbound[] {
  return (environment?.providers ?? []).map((provider) => {
    const { secretFields, optionalSecretFields } = definitions[provider.type].inbound ?? {
      secretFields: [],
      optionalSecretFields: [],
    };
    const fields = [...secretFields, ...optionalSecretFields];
    return { provider, ...(fields.length > 0 && { secret: makeSecret(provider.key, fields) }) };
  });
}

/** The part of `GET /api/stack` for programs that post as providers, by key. */
export function inboundInfo(list: readonly LocalInbound[], apiUrl: string): Record<string, InboundRoute> {
  return Object.fromEntries(
    list.flatMap(({ provider: { key, type }, secret }): [string, InboundRoute][] => {
      if (type === 'ses') return [[key, { url: `${apiUrl}/api/providers/${key}/mail` }]];
      if (secret === undefined) return [];
      const path = `/inbound/${key}/${secret['inboundPath']}`;
      const named = (fields: Readonly<Record<string, string>>) =>
        Object.fromEntries(
          Object.entries(fields).flatMap(([name, field]) => {
            const value = secret[field];
            return value === undefined ? [] : [[name, value]];
          }),
        );
      const credentials =
        type === 'mailgun'
          ? {
              mimePath: `${path}/mime`,
              storePath: `${path}/store`,
              ...named({ signingKey: 'signingKey', previousSigningKey: 'previousSigningKey', apiKey: 'apiKey' }),
            }
          : named({
              username: 'inboundUsername',
              password: 'inboundPassword',
              previousPassword: 'previousInboundPassword',
            });
      return [[key, { path, ...credentials }]];
    }),
  );
}
