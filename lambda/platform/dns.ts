/** Looks up the IPv4 addresses of a name. */
export interface DnsResolver {
  /** Throws with Node's `code`: `ENOTFOUND` and `ENODATA` for a name that has none. */
  resolve4(name: string): Promise<string[]>;
}

/** Each question is asked twice at most. */
const TIMEOUT_MS = 2_000;
const TRIES = 2;

/** The resolver of Node, with servers of its own if some are given. */
export async function dnsResolver(servers: readonly string[] = []): Promise<DnsResolver> {
  const { Resolver } = await import('node:dns/promises');
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}
