import type { ProviderConfig } from '../contract/providers.ts';
import { definitionOf } from './registry.ts';

/** Domains (including their subdomains) and single addresses that a provider may send from; undefined for any. */
export function allowedFrom(provider: ProviderConfig): readonly string[] | undefined {
  return provider.fromDomains ?? definitionOf(provider.type).fromDomains?.(provider.options);
}

/** Whether an address is covered: by a listed domain or a subdomain of it, or by an identical entry with `@`. */
export function allows(allowed: readonly string[], address: string): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return allowed.some((entry) => {
    const name = entry.toLowerCase();
    return name.includes('@') ? name === address.toLowerCase() : domain === name || domain.endsWith(`.${name}`);
  });
}
