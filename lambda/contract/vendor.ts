import { getDomain } from 'tldts-icann';
import type { ProviderConfig } from './providers.ts';

/**
 * The company behind a provider: its type, and for `smtp` the registrable domain of its host.
 *
 * Two entries of one vendor are one vote on a message. A host without such a domain (an IP address, a name of the own
 * network) is a vendor of its own.
 */
function vendorOf({ type, options }: Pick<ProviderConfig, 'type' | 'options'>): string {
  if (type !== 'smtp' || !('host' in options)) return type;
  const host = options.host.toLowerCase().replace(/\.$/, '');
  return getDomain(host) ?? host;
}

/** The vendors of the configured providers, by key; undefined for a key that is not configured any more. */
export function vendorsOf(providers: readonly ProviderConfig[]): (key: string) => string | undefined {
  const vendors = new Map(providers.map((provider) => [provider.key, vendorOf(provider)]));
  return (key) => vendors.get(key);
}
