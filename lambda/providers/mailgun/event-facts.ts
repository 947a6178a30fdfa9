import { blocked, type EventFact, hard, meaning, soft } from '../event.ts';
import { cite } from '../fact.ts';

const TYPES = cite('documentation.mailgun.com, user-manual/events/event-types', '2026-11-29');
const STRUCTURE = cite('documentation.mailgun.com, user-manual/events/event-structure', '2026-11-23');
/**
 * Source of the reasons of events. Mailgun's documentation has only examples of these reasons, so public reports are used too.
 */
const REASONS = cite('anymail/django-anymail, webhooks/mailgun.py and #130; public reports', '2026-11-29');
/** Source of Mailgun's own status codes, such as 498 and 602 to 608. All other status codes are codes of SMTP. */
const CODES = cite('help.mailgun.com, "What are the delivery status codes"; public reports', '2026-11-29');

const PERMANENT = ['failed/permanent'] as const;

/**
 * Meanings of all known events. `at` is the name of the event; for a failure it includes the severity, such as
 * `failed/permanent`. `code` is the reason of the event, `status` is the code in its delivery status, and `text` is its text.
 */
export const MAILGUN_EVENTS: readonly EventFact[] = [
  { at: ['accepted'], means: meaning('accepted'), source: TYPES },
  { at: ['delivered'], means: meaning('delivered'), source: TYPES },
  { at: ['opened'], means: meaning('opened'), source: TYPES },
  { at: ['clicked'], means: meaning('clicked'), source: TYPES },
  { at: ['unsubscribed'], means: meaning('unsubscribed'), source: TYPES },
  { at: ['complained'], means: meaning('complained', 'spam-report'), source: TYPES },
  { at: ['rejected'], text: /virus|malware/i, means: meaning('rejected', 'virus'), source: TYPES },
  { at: ['rejected'], means: meaning('rejected', 'policy'), source: TYPES },

  { at: ['failed/temporary'], code: ['greylisted'], means: meaning('deferred', 'greylisted'), source: REASONS },
  { at: ['failed/temporary'], status: [498], means: meaning('deferred', 'dns'), source: REASONS },
  {
    at: ['failed/temporary'],
    text: /4\.2\.2|mailbox (is )?full|quota/i,
    means: meaning('deferred', 'mailbox-full'),
    source: REASONS,
  },
  { at: ['failed/temporary'], means: meaning('deferred', 'temporary'), source: STRUCTURE },

  // The recipient is on a suppression list of the domain, so Mailgun made no attempt to deliver the mail.
  { at: PERMANENT, code: ['suppress-bounce'], means: meaning('suppressed', 'bounced-before'), source: REASONS },
  { at: PERMANENT, code: ['suppress-complaint'], means: meaning('suppressed', 'complained-before'), source: REASONS },
  {
    at: PERMANENT,
    code: ['suppress-unsubscribe'],
    means: meaning('suppressed', 'unsubscribed-before'),
    source: REASONS,
  },
  { at: PERMANENT, status: [605], means: meaning('suppressed', 'bounced-before'), source: CODES },
  { at: PERMANENT, status: [606], means: meaning('suppressed', 'unsubscribed-before'), source: CODES },
  { at: PERMANENT, status: [607], means: meaning('suppressed', 'complained-before'), source: CODES },

  { at: PERMANENT, code: ['old', 'greylisted'], means: soft('expired'), source: REASONS },
  { at: PERMANENT, status: [602], means: soft('expired'), source: CODES },
  { at: PERMANENT, code: ['espblock', 'blacklisted'], means: blocked('reputation'), source: REASONS },
  { at: PERMANENT, status: [498], means: soft('dns'), source: CODES },
  { at: PERMANENT, code: ['bounce', 'hardfail'], means: hard('mailbox-unknown'), source: REASONS },
  // If the event has any other reason, its SMTP reply is used: its text in the row below, and the whole reply in the function
  // `corrected`.
  { at: PERMANENT, text: /^[45]?\d*[ -]?5\.1\.[12]\b/, means: hard('mailbox-unknown'), source: REASONS },
  { at: PERMANENT, means: soft('unknown'), source: STRUCTURE },

  // A route has stored a received mail. This event is not about a sent mail. The reason `test` is not exact: the list of reasons
  // has no reason for received mail.
  { at: ['stored'], means: meaning('other', 'test'), source: TYPES },
];
