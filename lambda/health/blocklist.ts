import { BlockList, isIPv6 } from 'node:net';
import type { DnsResolver } from '../platform/dns.ts';

/** Result of asking a DNS blocklist about one address. */
export type Listing =
  | { readonly kind: 'clean' }
  /** `codes`: its A records, whose meaning the list documents. */
  | { readonly kind: 'listed'; readonly codes: readonly string[] }
  /** No answer, or a refusal. */
  | { readonly kind: 'silent'; readonly reason: string };

/** The name under which a zone would list an address: octets, or nibbles of IPv6, in reverse order (RFC 5782 2.1, 2.4). */
export function queryName(address: string, zone: string): string {
  const parts = isIPv6(address) ? nibblesOf(address) : address.split('.');
  return [...parts.toReversed(), zone].join('.');
}

/**
 * Asks one zone about an address.
 *
 * Facts, read 2026-11-25: listings are A records in 127.0.0.0/8 (RFC 5782 2.1). Spamhaus answers 127.255.255.252 for a
 * wrong name, .254 to public resolvers and to those of AWS, .255 above its limit (spamhaus.org/news/article/788, and its
 * page on AWS DNS of 2022-09-22), and 127.0.1.255 or 127.0.2.255 when a list of domains is asked about an address; these
 * say nothing about the address. URIBL refuses with 127.0.0.1 (uribl.com/refused.shtml), an answer that no list gives for
 * an entry. Answers outside of 127.0.0.0/8 come from the present owner of the name, not from a list.
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
 * Why a zone does not work; undefined if it does: it must list 127.0.0.2 and must not list 127.0.0.1 (RFC 5782 section
 * 5). An abandoned list lists no address, or every address.
 */
export async function zoneTrouble(resolver: DnsResolver, zone: string): Promise<string | undefined> {
  const [test, never] = await Promise.all([askZone(resolver, '127.0.0.2', zone), askZone(resolver, '127.0.0.1', zone)]);
  if (test.kind === 'silent') return test.reason;
  if (test.kind === 'clean') return 'lists no address';
  return never.kind === 'listed' ? 'lists every address' : undefined;
}

/** The 32 nibbles of an IPv6 address; the URL parser expands and checks it. */
function nibblesOf(address: string): string[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].flatMap((group) => [...group.padStart(4, '0')]);
}
