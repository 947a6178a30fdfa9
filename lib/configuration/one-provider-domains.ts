import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { allowedFrom, allows } from '../../lambda/providers/from-domains.ts';

/** A From domain or From address from which only one provider may send. */
interface OneProviderDomain {
  readonly domain: string;
  readonly key: string;
}

/**
 * Finds the From domains and From addresses from which only one of several sending providers may send. If this provider fails,
 * mail from such a domain waits. A provider without a configured list of domains counts as allowed to send from every domain,
 * since its API is not asked at synth.
 */
function oneProviderDomains(providers: readonly ProviderConfig[]): readonly OneProviderDomain[] {
  if (providers.length < 2) return [];
  const named = [...new Set(providers.flatMap((provider) => allowedFrom(provider) ?? []))];
  return named.flatMap((domain) => {
    const [first, ...others] = providers.filter((provider) => carries(provider, domain));
    return first && others.length === 0 ? [{ domain, key: first.key }] : [];
  });
}

/** Prints a warning at synth for each From domain from which only one of several providers may send. */
export function warnOfOneProvider(scope: Construct, providers: readonly ProviderConfig[]): void {
  for (const { domain, key } of oneProviderDomains(providers))
    Annotations.of(scope).addWarningV2(
      `mailover:one-provider:${domain}`,
      `Mail from ${domain} may be sent through ${key} only, so it waits while ${key} fails. Verify ${domain} at another provider, and add it to the From domains of that provider.`,
    );
}

function carries(provider: ProviderConfig, domain: string): boolean {
  const allowed = allowedFrom(provider);
  if (allowed === undefined || provider.substituteFrom !== undefined) return true;
  return allows(allowed, domain.includes('@') ? domain : `any@${domain}`);
}
