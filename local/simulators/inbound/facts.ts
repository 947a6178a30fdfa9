import { decodeHealthEnvironment, HEALTH_MARK } from '../../../lambda/contract/health-environment.ts';
import {
  decodeInboundEnvironment,
  type InboundEnvironment,
  type InboundProvider,
} from '../../../lambda/contract/inbound-environment.ts';
import { decodeReconcilerEnvironment } from '../../../lambda/contract/reconciler-environment.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import type { InboundRoute } from '../../api/stack-info.ts';
import { makeSecret } from '../../aws/secrets.ts';
import type { Deployment } from '../../template/deployment.ts';
import type { Domains } from './mail-exchange.ts';

/** A provider that mail may come over, and what it is to use: made up, for this start of the stack only. */
export interface LocalInbound {
  readonly provider: InboundProvider;
  /** Absent for SES, which posts nothing. */
  readonly secret?: Readonly<Record<string, string>>;
}

/** What the local stack reads from the inbound function of a deployment; absent if it receives nothing. */
export function inboundEnvironment({ functions }: Pick<Deployment, 'functions'>): InboundEnvironment | undefined {
  const found = functions.find(({ environment }) => 'MAILOVER_INBOUND_PROVIDERS' in environment);
  return found && decodeInboundEnvironment(found.environment);
}

/** What the functions of a deployment say of the domains that it receives mail for. */
export function domainsOf({ functions, receiptRules }: Deployment): Domains {
  const told = (mark: string) => functions.find(({ environment }) => mark in environment)?.environment;
  const health = told(HEALTH_MARK);
  const { inboundCanaries = [], providers = [] } = health ? decodeHealthEnvironment(health) : {};
  const reconciler = told('MAILOVER_RECONCILED_PROVIDERS');
  const reconciled = reconciler ? decodeReconcilerEnvironment(reconciler).providers : [];
  const receiving = inboundEnvironment({ functions })?.providers ?? [];
  const ofRules = receiptRules
    .flatMap(({ recipients }) => recipients)
    .map((one) => one.slice(one.lastIndexOf('@') + 1));
  const listed = [
    ...reconciled.flatMap(({ key, domains }) => (domains ? [[key, domains] as const] : [])),
    ...receiving.flatMap(({ key, type }) => (type === 'ses' ? [[key, ofRules] as const] : [])),
  ];
  return {
    providers: receiving,
    listed: Object.fromEntries(listed),
    canaries: Object.fromEntries(inboundCanaries.map(({ key, canary }) => [key, canary.to])),
    addresses: providers.flatMap(({ canary }) => canary?.to ?? []),
  };
}

/** Makes up the keys, passwords and paths of every receiving provider, current and previous ones. */
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

/** The part of `GET /api/stack` that a program needs to play the providers, by key. */
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
