import { BlockList, isIPv6 } from 'node:net';
import type { DnsResolver } from '../platform/dns.ts';

/** Result of asking a DNS blocklist about one address. */
export type Listing =
  | { readonly kind: 'clean' }
  /** `codes`: the A records of the answer. The operator of the blocklist documents their meaning. */
  | { readonly kind: 'listed'; readonly codes: readonly string[] }
  /** The blocklist did not answer, refused to answer, or no longer exists. */
  | { readonly kind: 'silent'; readonly reason: string };

/**
 * Returns the DNS name to query for an address in a blocklist's zone: the octets (IPv6: the nibbles) of the address in
 * reverse order, followed by the zone (RFC 5782 2.1, 2.4).
 */
export function queryName(address: string, zone: string): string {
  const parts = isIPv6(address) ? nibblesOf(address) : address.split('.');
  return [...parts.toReversed(), zone].join('.');
}

/**
 * Asks the DNS zone of one blocklist about an address.
 *
 * Facts, read 2026-11-25: listings are A records in 127.0.0.0/8 (RFC 5782 2.1). Spamhaus answers 127.255.255.252 for a wrong name
 * of a list, 127.255.255.254 to public resolvers and to resolvers of AWS, and 127.255.255.255 above its limit of queries
 * (spamhaus.org/news/article/788, and the page of Spamhaus on AWS DNS of 2022-09-22). Spamhaus answers 127.0.1.255 or 127.0.2.255
 * when a list of domains is asked about an address. None of these five answers shows whether the address is listed. URIBL answers
 * 127.0.0.1 when it refuses a query (uribl.com/refused.shtml); no blocklist gives this answer for a listed address. Answers
 * outside of 127.0.0.0/8 come from the present owner of the zone's domain, not from a blocklist.
 */
export async function askZone(resolver: DnsResolver, address: string, zone: string): Promise<Listing> {
  let records: string[];
  try {
    records = await resolver.resolve4(queryName(address, zone));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return code === 'ENOTFOUND' || code === 'ENODATA' ? { kind: 'clean' } : { kind: 'silent', reason: code };
  }
  const refusal = records.find((record) => ERRORS.check(record));
  if (refusal !== undefined) return { kind: 'silent', reason: `answered ${refusal}` };
  if (records.length === 0 || records.some((record) => !LOOPBACK.check(record)))
    return { kind: 'silent', reason: 'no blocklist' };
  return { kind: 'listed', codes: records };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);

const ERRORS = new BlockList();
ERRORS.addSubnet('127.255.255.0', 24);
for (const error of ['127.0.0.1', '127.0.1.255', '127.0.2.255']) ERRORS.addAddress(error);

/**
 * Returns the reason why a blocklist's zone cannot be used; undefined if the zone works. A working zone lists 127.0.0.2 and
 * does not list 127.0.0.1 (RFC 5782 section 5). An abandoned blocklist lists no address, or every address.
 */
export async function zoneTrouble(resolver: DnsResolver, zone: string): Promise<string | undefined> {
  const [test, never] = await Promise.all([askZone(resolver, '127.0.0.2', zone), askZone(resolver, '127.0.0.1', zone)]);
  if (test.kind === 'silent') return test.reason;
  if (test.kind === 'clean') return 'lists no address';
  return never.kind === 'listed' ? 'lists every address' : undefined;
}

/** Returns the 32 nibbles of an IPv6 address. The URL parser checks the address. */
function nibblesOf(address: string): string[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].flatMap((group) => [...group.padStart(4, '0')]);
}
