import {
  accepted,
  blocked,
  clicked,
  complained,
  deferred,
  delivered,
  type EventFact,
  hard,
  listed,
  opened,
  rejected,
  resubscribed,
  soft,
  UNKNOWN_EVENT,
  unsubscribed,
} from '../event.ts';
import { cite } from '../fact.ts';

const EVENTS = cite('twilio.com/docs/sendgrid/for-developers/tracking-events/event', '2026-11-29');
const CLASSES = cite('the same, bounce classifications', '2026-11-29');
const DROPS = cite('the same, dropped; anymail/django-anymail#473 and webhooks/sendgrid.py', '2026-11-29');

const BOUNCE = ['bounce'] as const;
const dropped = (text: RegExp, means: EventFact['means']): EventFact => ({
  at: ['dropped'],
  text,
  means,
  source: DROPS,
});

/**
 * All known events: `at` is the event, of a bounce that SendGrid counts as a block `blocked`; `code` the classification of
 * a bounce, `text` its reason.
 */
export const SENDGRID_EVENTS: readonly EventFact[] = [
  { at: ['processed'], means: accepted, source: EVENTS },
  { at: ['delivered'], means: delivered, source: EVENTS },
  { at: ['deferred'], means: deferred('temporary'), source: EVENTS },
  { at: ['open'], means: opened, source: EVENTS },
  { at: ['click'], means: clicked, source: EVENTS },
  { at: ['spamreport'], means: complained('spam-report'), source: EVENTS },
  { at: ['unsubscribe', 'group_unsubscribe'], means: unsubscribed, source: EVENTS },
  { at: ['group_resubscribe'], means: resubscribed, source: EVENTS },

  { at: ['blocked'], code: /^mailbox unavailable$/i, means: soft('mailbox-full'), source: CLASSES },
  { at: ['blocked'], code: /^technical$/i, means: soft('unreachable'), source: CLASSES },
  { at: ['blocked'], code: /^frequency/i, means: blocked('rate'), source: CLASSES },
  { at: ['blocked'], code: /^content$/i, means: blocked('content'), source: CLASSES },
  { at: ['blocked'], means: blocked('reputation'), source: EVENTS },
  { at: BOUNCE, code: /^invalid/i, means: hard('mailbox-unknown'), source: CLASSES },
  // "The mailbox is temporarily unavailable": full, or not used for a while.
  { at: BOUNCE, code: /^mailbox unavailable$/i, means: soft('mailbox-full'), source: CLASSES },
  { at: BOUNCE, code: /^technical$/i, means: soft('unreachable'), source: CLASSES },
  { at: BOUNCE, code: /^frequency/i, means: blocked('rate'), source: CLASSES },
  { at: BOUNCE, code: /^content$/i, means: blocked('content'), source: CLASSES },
  { at: BOUNCE, code: /^reputation$/i, means: blocked('reputation'), source: CLASSES },
  { at: BOUNCE, means: hard('mailbox-unknown'), source: EVENTS },

  dropped(/^bounced address/i, listed('bounced-before')),
  dropped(/^spam ?report/i, listed('complained-before')),
  dropped(/^unsubscribed address/i, listed('unsubscribed-before')),
  dropped(/^(spam content|spam)/i, rejected('spam')),
  dropped(/^invalid smtpapi header/i, rejected('policy')),
  dropped(/^invalid/i, rejected('address-invalid')),
  dropped(/^recipient list over package quota/i, rejected('quota')),
  { at: ['dropped'], means: rejected('unknown'), source: DROPS },
  { means: UNKNOWN_EVENT, source: EVENTS },
];
