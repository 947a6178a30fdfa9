// Apart from the schema: functions that only write messages need no zod.

/** The newest version of the inbound message that this code writes. */
export const INBOUND_VERSION = 1;

/** Properties of a mail that a consumer should check before it acts on it. */
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

/** Results of SPF, DKIM and DMARC, in the words of RFC 8601. */
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
