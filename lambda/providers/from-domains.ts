import type { ProviderConfig } from '../contract/providers.ts';
import { definitionOf } from './registry.ts';

/**
 * Returns the domains (including their subdomains) and addresses that a provider allows in From; undefined if every address is
 * allowed.
 */
export function allowedFrom(provider: ProviderConfig): readonly string[] | undefined {
  return provider.fromDomains ?? definitionOf(provider.type).fromDomains?.(provider.options);
}

/**
 * Whether an address is allowed: `allowed` contains the address itself, its domain, or a parent domain of its domain. Upper case
 * and lower case make no difference.
 */
export function allows(allowed: readonly string[], address: string): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return allowed.some((entry) => {
    const name = entry.toLowerCase();
    return name.includes('@') ? name === address.toLowerCase() : domain === name || domain.endsWith(`.${name}`);
  });
}
