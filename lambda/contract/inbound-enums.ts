// These lists are not in the file of the zod schema (`inbound.ts`): functions that only write messages then do not load zod.

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
