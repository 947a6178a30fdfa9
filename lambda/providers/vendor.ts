import { getDomain } from 'tldts-icann';
import type { ProviderConfig } from '../contract/providers.ts';
import { definitionOf } from './registry.ts';

/**
 * Returns the vendor (the company behind a provider): the name of the provider's type or, if the type is a protocol such as SMTP,
 * the registrable domain of the provider's host.
 *
 * If providers of two vendors refuse a recipient, no further provider is tried for this recipient. Therefore two providers of one
 * vendor count only once. If a host has no registrable domain (an IP address or a name in a private network), the host itself is
 * the vendor.
 */
function vendorOf({ type, options }: Pick<ProviderConfig, 'type' | 'options'>): string {
  const host = definitionOf(type).vendorHost?.(options).toLowerCase().replace(/\.$/, '');
  return host === undefined ? type : (getDomain(host) ?? host);
}

/**
 * Returns a function that returns the vendor of the provider with a key. This function returns undefined if no provider in the
 * list has the key, for example if the provider was removed from the configuration.
 */
export function vendorsOf(providers: readonly ProviderConfig[]): (key: string) => string | undefined {
  const vendors = cache.get(providers) ?? new Map(providers.map((provider) => [provider.key, vendorOf(provider)]));
  cache.set(providers, vendors);
  return (key) => vendors.get(key);
}

/**
 * Vendors by provider key, for each list of providers. They are computed once per list, since every mail needs the vendors of the
 * same list.
 */
const cache = new WeakMap<readonly ProviderConfig[], ReadonlyMap<string, string>>();
