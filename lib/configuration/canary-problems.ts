import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { domainOf } from '../../lambda/mail/address.ts';
import { allowedFrom, allows } from '../../lambda/providers/from-domains.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';

interface CanaryProblem {
  readonly provider: ProviderConfig;
  readonly problem: string;
}

/**
 * Finds canaries (test mails) that would prove nothing: another provider also receives mail for the domain of an inbound canary,
 * or the canary cannot be sent because of its From domain.
 */
export function canaryProblems(providers: readonly ProviderConfig[]): CanaryProblem[] {
  return [...receivedTwice(providers), ...neverSent(providers)];
}

/**
 * Finds canaries that cannot be sent. A canary of a sending provider cannot be sent if this provider may not send from the From
 * domain of the canary. An inbound canary cannot be sent if no provider may send from its From domain.
 */
function neverSent(providers: readonly ProviderConfig[]): CanaryProblem[] {
  const sending = providers.filter(({ outbound }) => outbound !== false);
  return providers.flatMap((provider) => {
    const { key, canary, inbound } = provider;
    const received = typeof inbound === 'object' ? inbound.canary : undefined;
    const from = canary && (canary.from ?? canary.to);
    const fromReceived = received && (received.from ?? received.to);
    const none = 'so no canary would be sent; verify the domain there, or use another address';
    return [
      ...(from !== undefined && sending.includes(provider) && !maySend(provider, from)
        ? [{ provider, problem: `canary.from: ${key} may not send for ${domainOf(from)}, ${none}` }]
        : []),
      ...(fromReceived !== undefined && !sending.some((one) => maySend(one, fromReceived))
        ? [{ provider, problem: `inbound.canary.from: no provider may send for ${domainOf(fromReceived)}, ${none}` }]
        : []),
    ];
  });
}

/** Whether a provider may send mail with this From address, according to the configuration. */
function maySend(provider: ProviderConfig, address: string): boolean {
  const allowed = allowedFrom(provider);
  return allowed === undefined || provider.substituteFrom !== undefined || allows(allowed, address);
}

function receivedTwice(providers: readonly ProviderConfig[]): CanaryProblem[] {
  const receiving = inboundDomains(providers);
  return receiving.flatMap(({ provider, canary }) => {
    if (canary === undefined) return [];
    const domain = domainOf(canary.to);
    const taken = receiving.find(
      (other) =>
        other.provider !== provider && (other.domains.includes(domain) || domainOf(other.canary?.to ?? '') === domain),
    );
    if (taken === undefined) return [];
    const problem = `inbound.canary.to: ${domain} is received by ${taken.provider.key} too; the canary needs a subdomain whose only MX is ${provider.key}`;
    return [{ provider, problem }];
  });
}

function inboundDomains(providers: readonly ProviderConfig[]) {
  return providers.flatMap((provider) => {
    const { inbound, type } = provider;
    if (inbound === undefined) return [];
    const { canary } = inbound === true ? {} : inbound;
    const received = definitionOf(type).inbound?.received?.(inbound) ?? [];
    return [{ provider, canary, domains: received.map(domainOf) }];
  });
}
