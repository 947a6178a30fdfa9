import { ignoringCase } from '../mail/patterns.ts';

/**
 * Pattern of a header name. RFC 5322 section 3.6.8 allows all printable ASCII characters except the colon. This pattern allows only
 * the token characters that every provider accepts.
 */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,76}$/;

/** Headers that producers must not set, grouped by the reason for which they must not set them. */
const RESERVED_NAMES: Readonly<Record<string, readonly string[]>> = {
  // Headers that Mailover writes itself: a second header of the same name would contradict Mailover's header.
  written: ['from', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'date', 'sender', 'message-id', 'mime-version'],
  // Headers that mail servers add during delivery (RFC 5321 section 4.4). If Delivered-To already contains the recipient, Postfix
  // bounces the mail, since it assumes a mail loop. Apparently-To and X-Original-To make Bcc recipients visible.
  trace: ['return-path', 'received', 'delivered-to', 'x-original-to', 'apparently-to'],
  // Check results and signatures (RFC 8601 section 5, RFC 7208 section 9.1, draft-brand-indicators-for-message-identification
  // section 7.1). Only the server that checks or signs the mail may add them: receiving servers trust them, or discard the mail.
  proofs: [
    'authentication-results',
    'received-spf',
    'dkim-signature',
    'domainkey-signature',
    'bimi-location',
    'bimi-indicator',
  ],
  // Headers with instructions to SendGrid and SparkPost in mail over SMTP. Such instructions can change the recipients.
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

/** Regular expression for the JSON Schema: matches the header names that {@link headerNameProblem} accepts. */
export const HEADER_NAME_PATTERN = (() => {
  const names = [...RESERVED].map((name) => `${ignoringCase(name)}$`);
  const prefixes = RESERVED_PREFIXES.map(ignoringCase);
  return `^(?!${[...names, ...prefixes].join('|')})${HEADER_NAME.source.slice(1)}`;
})();

/** Describes what is expected instead of a refused header name. Returns undefined for a name that a producer may set. */
export function headerNameProblem(name: string): string | undefined {
  if (!HEADER_NAME.test(name)) return 'a header name of letters, digits and hyphens, at most 76 characters';
  const lower = name.toLowerCase();
  if (lower.startsWith('list-unsubscribe')) return 'the field "unsubscribe" instead of this header';
  if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return 'a header that is left to Mailover, the providers, and the servers on the way';
  }
  return undefined;
}
