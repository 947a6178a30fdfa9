import { domainOf } from '../../lambda/mail/address.ts';

const VERIFIED = ['example.com', 'example.org', 'example.net'];

/** Matches one entry of a list of mailboxes. A comma in quotes or in angle brackets does not separate entries. */
const ENTRY = /(?:"(?:[^"\\]|\\.)*"|<(?:"(?:[^"\\]|\\.)*"|[^<>"])*>|[^,])+/gs;
const IN_BRACKETS = /<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>[^<>]*$/s;
const EMPTY_GROUP = /^[^"<>@]*:\s*;$/;

/**
 * Returns the addresses, without the names, in a header value such as `"Doe, J" <j@example.com>, k@example.com`. A quoted local
 * part keeps its quotes. An entry that cannot be parsed is returned unchanged.
 */
export function addressesOf(list: string | readonly string[] | undefined): string[] {
  const values = typeof list === 'string' ? [list] : (list ?? []);
  return values.flatMap((value) =>
    (value.match(ENTRY) ?? [])
      .map((entry) => (IN_BRACKETS.exec(entry)?.[1] ?? entry).trim())
      .filter((entry) => entry !== '' && !EMPTY_GROUP.test(entry)),
  );
}

/** Whether an address has a local part and a domain. The check is as lenient as the checks of real providers. */
export function isAddress(address: string): boolean {
  return /^("(?:[^"\\]|\\.)*"|[^\s"@<>(),;:]+)@([^\s@<>(),;:.]+\.)*[^\s@<>(),;:.]+$/.test(address);
}

/**
 * Whether the domain of an address contains a dot. Mailgun and Postmark require a dot, but an SMTP server also accepts
 * `ada@localhost`.
 */
export function hasDottedDomain(address: string): boolean {
  return domainOf(address).includes('.');
}

/**
 * Whether the simulated accounts may send mail from an address. Its domain must be a documentation domain (RFC 2606) or a
 * subdomain of one, or the address or its domain must match an entry of `more`.
 */
export function isVerified(address: string, more: readonly string[] = []): boolean {
  const domain = domainOf(address);
  return [...VERIFIED, ...more].some((identity) =>
    identity.includes('@')
      ? identity.toLowerCase() === address.toLowerCase()
      : domain === identity.toLowerCase() || domain.endsWith(`.${identity.toLowerCase()}`),
  );
}
