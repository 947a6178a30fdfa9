import { ignoringCase } from '../mail/patterns.ts';

/**
 * Printable ASCII without the colon (RFC 5322 section 3.6.8), limited to the token characters that every provider
 * accepts.
 */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,76}$/;

/** Headers that producers may not set, in groups by the reason. */
const RESERVED_NAMES: Readonly<Record<string, readonly string[]>> = {
  // Written from fields of the submission, or once for all providers: a second one would contradict the first.
  written: ['from', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'date', 'sender', 'message-id', 'mime-version'],
  // The trace of the servers on the way (RFC 5321 section 4.4). Postfix bounces a mail that already names its recipient
  // in Delivered-To, as a loop; Apparently-To and X-Original-To make Bcc visible.
  trace: ['return-path', 'received', 'delivered-to', 'x-original-to', 'apparently-to'],
  // Results and signatures that only the server that checks or signs may add (RFC 8601 section 5, RFC 7208 section 9.1,
  // draft-brand-indicators-for-message-identification section 7.1): a reader trusts them, or removes the mail.
  proofs: [
    'authentication-results',
    'received-spf',
    'dkim-signature',
    'domainkey-signature',
    'bimi-location',
    'bimi-indicator',
  ],
  // Instructions to SendGrid and SparkPost over SMTP, which may change the recipients.
  instructions: ['x-smtpapi', 'x-msys-api'],
};
const RESERVED = new Set(Object.values(RESERVED_NAMES).flat());
const RESERVED_PREFIXES = [
  'content-',
  'list-unsubscribe',
  'resent-',
  'arc-',
  'x-mailover-',
  'x-pm-',
  'x-ses-',
  'x-mailgun-',
  'x-sg-',
];

/** Regular expression of the names that {@link headerNameProblem} accepts, for the JSON Schema. */
export const HEADER_NAME_PATTERN = (() => {
  const names = [...RESERVED].map((name) => `${ignoringCase(name)}$`);
  const prefixes = RESERVED_PREFIXES.map(ignoringCase);
  return `^(?!${[...names, ...prefixes].join('|')})${HEADER_NAME.source.slice(1)}`;
})();

/** What a refused header name should have been; undefined for a name that a producer may set. */
export function headerNameProblem(name: string): string | undefined {
  if (!HEADER_NAME.test(name)) return 'a header name of letters, digits and hyphens, at most 76 characters';
  const lower = name.toLowerCase();
  if (lower.startsWith('list-unsubscribe')) return 'the field "unsubscribe" instead of this header';
  if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return 'a header that is left to Mailover, the providers, and the servers on the way';
  }
  return undefined;
}
