import { blocked, type EventFact, hard, meaning, soft } from '../event.ts';
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
 * Meanings of all known events. `at` is the name of the event, or `blocked` for a bounce that SendGrid counts as a block. `code`
 * is the classification of a bounce, and `text` is the reason of the event.
 */
export const SENDGRID_EVENTS: readonly EventFact[] = [
  { at: ['processed'], means: meaning('accepted'), source: EVENTS },
  { at: ['delivered'], means: meaning('delivered'), source: EVENTS },
  { at: ['deferred'], means: meaning('deferred', 'temporary'), source: EVENTS },
  { at: ['open'], means: meaning('opened'), source: EVENTS },
  { at: ['click'], means: meaning('clicked'), source: EVENTS },
  { at: ['spamreport'], means: meaning('complained', 'spam-report'), source: EVENTS },
  { at: ['unsubscribe', 'group_unsubscribe'], means: meaning('unsubscribed'), source: EVENTS },
  { at: ['group_resubscribe'], means: meaning('resubscribed'), source: EVENTS },

  { at: ['blocked'], code: /^mailbox unavailable$/i, means: soft('mailbox-full'), source: CLASSES },
  { at: ['blocked'], code: /^technical$/i, means: soft('unreachable'), source: CLASSES },
  { at: ['blocked'], code: /^frequency/i, means: blocked('rate'), source: CLASSES },
  { at: ['blocked'], code: /^content$/i, means: blocked('content'), source: CLASSES },
  { at: ['blocked'], means: blocked('reputation'), source: EVENTS },
  { at: BOUNCE, code: /^invalid/i, means: hard('mailbox-unknown'), source: CLASSES },
  // SendGrid describes this class as "The mailbox is temporarily unavailable". The mailbox is full, or was not used for a while.
  { at: BOUNCE, code: /^mailbox unavailable$/i, means: soft('mailbox-full'), source: CLASSES },
  { at: BOUNCE, code: /^technical$/i, means: soft('unreachable'), source: CLASSES },
  { at: BOUNCE, code: /^frequency/i, means: blocked('rate'), source: CLASSES },
  { at: BOUNCE, code: /^content$/i, means: blocked('content'), source: CLASSES },
  { at: BOUNCE, code: /^reputation$/i, means: blocked('reputation'), source: CLASSES },
  { at: BOUNCE, means: hard('mailbox-unknown'), source: EVENTS },

  dropped(/^bounced address/i, meaning('suppressed', 'bounced-before')),
  dropped(/^spam ?report/i, meaning('suppressed', 'complained-before')),
  dropped(/^unsubscribed address/i, meaning('suppressed', 'unsubscribed-before')),
  dropped(/^(spam content|spam)/i, meaning('rejected', 'spam')),
  dropped(/^invalid smtpapi header/i, meaning('rejected', 'policy')),
  dropped(/^invalid/i, meaning('rejected', 'address-invalid')),
  dropped(/^recipient list over package quota/i, meaning('rejected', 'quota')),
  { at: ['dropped'], means: meaning('rejected', 'unknown'), source: DROPS },
];
