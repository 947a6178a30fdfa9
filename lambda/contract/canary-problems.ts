import type { MailgunInboundOptions, ProviderConfig, SesInboundOptions } from './providers.ts';

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
    const { inbound } = provider;
    if (inbound === undefined) return [];
    const { canary, domains, recipients } = (inbound === true ? {} : inbound) as Partial<
      MailgunInboundOptions & SesInboundOptions
    >;
    return [{ provider, canary, domains: [...(domains ?? []), ...(recipients ?? []).map(domainOf)] }];
  });
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
