/** DNS resolver for IPv4 addresses. */
export interface DnsResolver {
  /** Returns the IPv4 addresses of a name. Throws an error; its field `code` is `ENOTFOUND` or `ENODATA` if the name has no IPv4 address. */
  resolve4(name: string): Promise<string[]>;
}

/** Time-out of one DNS query, in milliseconds. A query is sent at most `TRIES` times. */
const TIMEOUT_MS = 2_000;
const TRIES = 2;

/** Creates a resolver with Node's DNS client. It asks the given DNS servers, or the DNS servers of the system if `servers` is empty. */
export async function dnsResolver(servers: readonly string[] = []): Promise<DnsResolver> {
  const { Resolver } = await import('node:dns/promises');
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}
