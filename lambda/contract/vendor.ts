import { getDomain } from 'tldts-icann';
import type { ProviderConfig } from './providers.ts';

/**
 * The company behind a provider: its type, or for `smtp` the registrable domain of its host.
 *
 * Two providers of one vendor have one vote on a message. A host without such a domain (an IP address, a name in the own
 * network) is its own vendor.
 */
function vendorOf({ type, options }: Pick<ProviderConfig, 'type' | 'options'>): string {
  if (type !== 'smtp' || !('host' in options)) return type;
  const host = options.host.toLowerCase().replace(/\.$/, '');
  return getDomain(host) ?? host;
}

/** The vendors of the configured providers, by key; undefined for a key that is no longer configured. */
export function vendorsOf(providers: readonly ProviderConfig[]): (key: string) => string | undefined {
  const vendors = new Map(providers.map((provider) => [provider.key, vendorOf(provider)]));
  return (key) => vendors.get(key);
}
