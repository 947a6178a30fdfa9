/** DNS resolver for IPv4 addresses. */
export interface DnsResolver {
  /**
   * Returns the IPv4 addresses of a domain name. Throws an error; its field `code` is `ENOTFOUND` or `ENODATA` if the name has no
   * IPv4 address.
   */
  resolve4(name: string): Promise<string[]>;
}

/**
 * Time-out of the first attempt of a DNS query, in milliseconds; later attempts may have a longer time-out. A query is sent at
 * most `TRIES` times to each DNS server.
 */
const TIMEOUT_MS = 2_000;
const TRIES = 2;

/**
 * Creates a resolver with Node's DNS client. The resolver asks the DNS servers in `servers`, or the DNS servers of the operating
 * system if `servers` is empty.
 */
export async function dnsResolver(servers: readonly string[] = []): Promise<DnsResolver> {
  const { Resolver } = await import('node:dns/promises');
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}
