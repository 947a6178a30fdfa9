import { domainOf } from '../../lambda/mail/address.ts';

const VERIFIED = ['example.com', 'example.org', 'example.net'];

/** One entry of a list; commas in quotes and in angle brackets do not separate. */
const ENTRY = /(?:"(?:[^"\\]|\\.)*"|<(?:"(?:[^"\\]|\\.)*"|[^<>"])*>|[^,])+/gs;
const IN_BRACKETS = /<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>[^<>]*$/s;
const EMPTY_GROUP = /^[^"<>@]*:\s*;$/;

/**
 * The bare addresses of a header value such as `"Doe, J" <j@example.com>, k@example.com`, as written: a quoted
 * local part keeps its quotes. Entries that cannot be parsed stay unchanged.
 */
export function addressesOf(list: string | readonly string[] | undefined): string[] {
  const values = typeof list === 'string' ? [list] : (list ?? []);
  return values.flatMap((value) =>
    (value.match(ENTRY) ?? [])
      .map((entry) => (IN_BRACKETS.exec(entry)?.[1] ?? entry).trim())
      .filter((entry) => entry !== '' && !EMPTY_GROUP.test(entry)),
  );
}

/** Whether an address has a local part and a domain; as lenient as providers are. */
export function isAddress(address: string): boolean {
  return /^("(?:[^"\\]|\\.)*"|[^\s"@<>(),;:]+)@([^\s@<>(),;:.]+\.)*[^\s@<>(),;:.]+$/.test(address);
}

/** Whether the domain has a dot, as Mailgun and Postmark require; an SMTP server takes `ada@localhost`. */
export function hasDottedDomain(address: string): boolean {
  return domainOf(address).includes('.');
}

/** Whether the simulated accounts may send for an address: the documentation domains (RFC 2606), their subdomains, and `more`. */
export function isVerified(address: string, more: readonly string[] = []): boolean {
  const domain = domainOf(address);
  return [...VERIFIED, ...more].some((identity) =>
    identity.includes('@')
      ? identity.toLowerCase() === address.toLowerCase()
      : domain === identity.toLowerCase() || domain.endsWith(`.${identity.toLowerCase()}`),
  );
}
