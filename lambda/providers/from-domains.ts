import type { ProviderConfig } from '../contract/providers.ts';
import { definitionOf } from './registry.ts';

/**
 * Returns the domains (including their subdomains) and addresses that may be in From at a provider; undefined if all are allowed.
 */
export function allowedFrom(provider: ProviderConfig): readonly string[] | undefined {
  return provider.fromDomains ?? definitionOf(provider.type).fromDomains?.(provider.options);
}

/**
 * Whether an address is allowed: the address itself is listed, or its domain is a listed domain or a subdomain of a listed
 * domain.
 */
export function allows(allowed: readonly string[], address: string): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return allowed.some((entry) => {
    const name = entry.toLowerCase();
    return name.includes('@') ? name === address.toLowerCase() : domain === name || domain.endsWith(`.${name}`);
  });
}
