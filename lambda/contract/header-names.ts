import { ignoringCase } from './patterns.ts';

/**
 * Printable ASCII without the colon (RFC 5322 section 3.6.8), limited to the token characters that every provider
 * accepts.
 */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,76}$/;

/** Headers that Mailover writes from other fields, or that providers add; a producer's own would break or forge them. */
const RESERVED = new Set([
  'from',
  'to',
  'cc',
  'bcc',
  'reply-to',
  'subject',
  'date',
  'sender',
  'message-id',
  'return-path',
  'received',
  'mime-version',
  'dkim-signature',
]);
const RESERVED_PREFIXES = [
  'content-',
  'list-unsubscribe',
  'resent-',
  'arc-',
  'x-mailover-',
  'x-pm-',
  'x-ses-',
  'x-mailgun-',
];

/** {@link headerNameProblem} as a pattern. */
export const HEADER_NAME_PATTERN = (() => {
  const names = [...RESERVED].map((name) => `${ignoringCase(name)}$`);
  const prefixes = RESERVED_PREFIXES.map(ignoringCase);
  return `^(?!${[...names, ...prefixes].join('|')})${HEADER_NAME.source.slice(1)}`;
})();

/** Why a header name is refused: what it should have been; undefined for a name that a producer may set. */
export function headerNameProblem(name: string): string | undefined {
  if (!HEADER_NAME.test(name)) return 'a header name of letters, digits and hyphens, at most 76 characters';
  const lower = name.toLowerCase();
  if (lower.startsWith('list-unsubscribe')) return 'the field "unsubscribe" instead of this header';
  if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return 'a header that Mailover and the providers do not write themselves';
  }
  return undefined;
}
