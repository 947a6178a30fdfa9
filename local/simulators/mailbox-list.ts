const VERIFIED = ['example.com', 'example.org', 'example.net'];

/** One entry of a list: commas in quotes and in angle brackets part nothing. */
const ENTRY = /(?:"(?:[^"\\]|\\.)*"|<(?:"(?:[^"\\]|\\.)*"|[^<>"])*>|[^,])+/gs;
const IN_BRACKETS = /<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>[^<>]*$/s;
const EMPTY_GROUP = /^[^"<>@]*:\s*;$/;

/**
 * The bare addresses of a header value such as `"Doe, J" <j@example.com>, k@example.com`, each as it is written: a quoted
 * local part keeps its quotes. What cannot be read stays as it is.
 */
export function addressesOf(list: string | readonly string[] | undefined): string[] {
  const values = typeof list === 'string' ? [list] : (list ?? []);
  return values.flatMap((value) =>
    (value.match(ENTRY) ?? [])
      .map((entry) => (IN_BRACKETS.exec(entry)?.[1] ?? entry).trim())
      .filter((entry) => entry !== '' && !EMPTY_GROUP.test(entry)),
  );
}

/** Whether it has a local part and a domain, as loosely as providers look at it. */
export function isAddress(address: string): boolean {
  return /^("(?:[^"\\]|\\.)*"|[^\s"@<>(),;:]+)@([^\s@<>(),;:.]+\.)*[^\s@<>(),;:.]+$/.test(address);
}

/** Whether the domain has a dot, as Mailgun and Postmark want it; a server for SMTP takes `ada@localhost`. */
export function hasDottedDomain(address: string): boolean {
  return mailboxDomain(address).includes('.');
}

/** The part behind the last `@`, in lower case. */
export function mailboxDomain(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** Whether the simulated accounts may send for it: the documentation domains (RFC 2606), their subdomains, and `more`. */
export function isVerified(address: string, more: readonly string[] = []): boolean {
  const domain = mailboxDomain(address);
  return [...VERIFIED, ...more].some((identity) =>
    identity.includes('@')
      ? identity.toLowerCase() === address.toLowerCase()
      : domain === identity.toLowerCase() || domain.endsWith(`.${identity.toLowerCase()}`),
  );
}
