// These lists have a file of their own, apart from the zod schema in `inbound.ts`, so that functions that only write messages do not
// load zod.

/** Version of the inbound messages that this code writes. */
export const INBOUND_VERSION = 1;

/** Properties of a received mail. An application should check them before it processes the mail. */
export const INBOUND_FLAGS = [
  'auto-reply',
  'bounce',
  'list',
  'loop',
  'truncated',
  'unparsable',
  'tnef',
  'empty-attachment',
] as const;
export type InboundFlag = (typeof INBOUND_FLAGS)[number];

/** Results of the spam filter of the provider that received the mail. */
export const SPAM_VERDICTS = ['pass', 'fail'] as const;

/** Results of the SPF, DKIM and DMARC checks, with their names from RFC 8601. */
export const AUTHENTICATION_RESULTS = [
  'pass',
  'fail',
  'softfail',
  'neutral',
  'none',
  'policy',
  'temperror',
  'permerror',
] as const;
