/** Resolver of IPv4 addresses. */
export interface DnsResolver {
  /** Throws with Node's `code`: `ENOTFOUND` and `ENODATA` for a name that has none. */
  resolve4(name: string): Promise<string[]>;
}

/** Time-out of one query; each one is sent at most twice. */
const TIMEOUT_MS = 2_000;
const TRIES = 2;

/** The resolver of Node, with the given servers instead of the system's, if any. */
export async function dnsResolver(servers: readonly string[] = []): Promise<DnsResolver> {
  const { Resolver } = await import('node:dns/promises');
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}
