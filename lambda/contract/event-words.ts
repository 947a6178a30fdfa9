// Apart from the schema: functions that only write events need no zod.

/** The newest version of the delivery event that this code writes. */
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

/** Kinds of a bounce. */
export const BOUNCES = ['hard', 'soft', 'blocked'] as const;
export type Bounce = (typeof BOUNCES)[number];

/** Reasons in the words of Mailover, the same for every provider. */
const EVENT_REASONS = [
  // The mailbox.
  'mailbox-unknown',
  'mailbox-disabled',
  'mailbox-moved',
  'mailbox-full',
  'mailbox-busy',
  'address-invalid',
  'domain-unknown',
  // The way there.
  'dns',
  'unreachable',
  'expired',
  'rate',
  'greylisted',
  'temporary',
  // The mail.
  'too-large',
  'content',
  'attachment',
  'virus',
  'spam',
  'policy',
  // The sender.
  'reputation',
  'authentication',
  // Lists of the provider.
  'bounced-before',
  'complained-before',
  'unsubscribed-before',
  'deactivated',
  // The provider did not try.
  'template',
  'quota',
  // Complaints.
  'spam-report',
  'fraud',
  'not-spam',
  // Mail that is no bounce.
  'auto-reply',
  'challenge',
  'test',
  'unknown',
] as const;
export type EventReason = (typeof EVENT_REASONS)[number];
