import { getDomain } from 'tldts-icann';
import type { ProviderConfig } from '../contract/providers.ts';
import { definitionOf } from './registry.ts';

/**
 * Returns the vendor (the company behind a provider): the name of its type or, if the type is a protocol such as SMTP, the
 * registrable domain of its host.
 *
 * If providers of two vendors refuse a recipient, no further provider is tried for this recipient. Therefore two providers of one
 * vendor count only once. A host without a registrable domain (an IP address, a name in the own network) is its own vendor.
 */
function vendorOf({ type, options }: Pick<ProviderConfig, 'type' | 'options'>): string {
  const host = definitionOf(type).vendorHost?.(options).toLowerCase().replace(/\.$/, '');
  return host === undefined ? type : (getDomain(host) ?? host);
}

/** Returns a function that gives the vendor of a provider by its key; undefined for a key that is no longer configured. */
export function vendorsOf(providers: readonly ProviderConfig[]): (key: string) => string | undefined {
  const vendors = known.get(providers) ?? new Map(providers.map((provider) => [provider.key, vendorOf(provider)]));
  known.set(providers, vendors);
  return (key) => vendors.get(key);
}

/** Vendors of each provider list. They are computed once per list, since every mail needs the vendors of the same list. */
const known = new WeakMap<readonly ProviderConfig[], ReadonlyMap<string, string>>();
