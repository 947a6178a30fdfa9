import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';

/** Canaries whose domain several providers receive: their return would prove nothing about one of them. */
export function canaryProblems(
  providers: readonly ProviderConfig[],
): { readonly provider: ProviderConfig; readonly problem: string }[] {
  const receiving = inboundDomains(providers);
  return receiving.flatMap(({ provider, canary }) => {
    if (canary === undefined) return [];
    const domain = domainOf(canary.to);
    const taken = receiving.find(
      (other) =>
        other.provider !== provider && (other.domains.includes(domain) || domainOf(other.canary?.to ?? '') === domain),
    );
    if (taken === undefined) return [];
    const problem = `inbound.canary.to: ${domain} is received by ${taken.provider.key} too; it needs a subdomain whose only MX is ${provider.key}`;
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

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
