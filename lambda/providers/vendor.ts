import { getDomain } from 'tldts-icann';
import type { ProviderConfig } from '../contract/providers.ts';
import { definitionOf } from './registry.ts';

/**
 * The company behind a provider: its type, or the registrable domain of its host for a type that is a protocol, such as SMTP.
 *
 * Two providers of one vendor have one vote on a message. A host without such a domain (an IP address, a name in the own
 * network) is its own vendor.
 */
function vendorOf({ type, options }: Pick<ProviderConfig, 'type' | 'options'>): string {
  const host = definitionOf(type).vendorHost?.(options).toLowerCase().replace(/\.$/, '');
  return host === undefined ? type : (getDomain(host) ?? host);
}

/** The vendors of the configured providers, by key; undefined for a key that is no longer configured. */
export function vendorsOf(providers: readonly ProviderConfig[]): (key: string) => string | undefined {
  const vendors = known.get(providers) ?? new Map(providers.map((provider) => [provider.key, vendorOf(provider)]));
  known.set(providers, vendors);
  return (key) => vendors.get(key);
}

/** Vendors by list: each mail asks for those of the same list. */
const known = new WeakMap<readonly ProviderConfig[], ReadonlyMap<string, string>>();
