// These lists have a file of their own, apart from the zod schema in `event.ts`, so that functions that only write events do not
// load zod.

/** Version of the delivery events that this code writes. */
export const EVENT_VERSION = 1;

/** Types of delivery events. */
export const EVENT_TYPES = [
  'accepted',
  'delivered',
  'deferred',
  'bounced',
  'complained',
  'unsubscribed',
  'resubscribed',
  'opened',
  'clicked',
  'rejected',
  'suppressed',
  'other',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const BOUNCES = ['hard', 'soft', 'blocked'] as const;
export type Bounce = (typeof BOUNCES)[number];

/** Reasons that a delivery event can have. The names of the reasons are the same for every provider. */
const EVENT_REASONS = [
  // Reasons that concern the recipient's mailbox.
  'mailbox-unknown',
  'mailbox-disabled',
  'mailbox-moved',
  'mailbox-full',
  'mailbox-busy',
  'address-invalid',
  'domain-unknown',
  // Reasons that concern the delivery to the recipient's server.
  'dns',
  'unreachable',
  'expired',
  'rate',
  'greylisted',
  'temporary',
  // Reasons that concern the content or size of the mail.
  'too-large',
  'content',
  'attachment',
  'virus',
  'spam',
  'policy',
  // Reasons that concern the sender of the mail.
  'reputation',
  'authentication',
  // The recipient is on the provider's own suppression list.
  'bounced-before',
  'complained-before',
  'unsubscribed-before',
  'deactivated',
  // The provider did not try to deliver the mail.
  'template',
  'quota',
  // Kinds of complaints.
  'spam-report',
  'fraud',
  'not-spam',
  // Replies to the mail that are no bounces.
  'auto-reply',
  'challenge',
  'test',
  'unknown',
] as const;
export type EventReason = (typeof EVENT_REASONS)[number];
