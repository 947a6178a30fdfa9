import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { allowedFrom, allows } from '../../lambda/providers/from-domains.ts';

/** A From domain or address that only one provider may send from. */
interface OneProviderDomain {
  readonly domain: string;
  readonly key: string;
}

/**
 * Finds the From domains that only one of several sending providers is configured for. If that provider fails, mail from such a
 * domain waits. A provider without a configured list of domains counts as configured for every domain, since synthesis does not
 * ask the provider's API.
 */
function oneProviderDomains(providers: readonly ProviderConfig[]): readonly OneProviderDomain[] {
  if (providers.length < 2) return [];
  const named = [...new Set(providers.flatMap((provider) => allowedFrom(provider) ?? []))];
  return named.flatMap((domain) => {
    const [first, ...others] = providers.filter((provider) => carries(provider, domain));
    return first && others.length === 0 ? [{ domain, key: first.key }] : [];
  });
}

/** Warns at synth of each From domain that only one of several providers may send from. */
export function warnOfOneProvider(scope: Construct, providers: readonly ProviderConfig[]): void {
  for (const { domain, key } of oneProviderDomains(providers))
    Annotations.of(scope).addWarningV2(
      `mailover:one-provider:${domain}`,
      `${domain} may be sent from over ${key} only: its mail waits while ${key} fails. Verify it at another provider, and name it there.`,
    );
}

function carries(provider: ProviderConfig, domain: string): boolean {
  const allowed = allowedFrom(provider);
  if (allowed === undefined || provider.substituteFrom !== undefined) return true;
  return allows(allowed, domain.includes('@') ? domain : `any@${domain}`);
}
