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
  other,
  rejected,
  soft,
  UNKNOWN_EVENT,
  unsubscribed,
} from '../event.ts';
import { cite } from '../fact.ts';

const TYPES = cite('documentation.mailgun.com, user-manual/events/event-types', '2026-11-29');
const STRUCTURE = cite('documentation.mailgun.com, user-manual/events/event-structure', '2026-11-23');
/** The documentation lists no reasons; these appear in its examples and in public reports. */
const REASONS = cite('anymail/django-anymail, webhooks/mailgun.py and #130; public reports', '2026-11-29');
/** Mailgun's own codes in addition to those of SMTP: 602 to 608. */
const CODES = cite('help.mailgun.com, "What are the delivery status codes"; public reports', '2026-11-29');

const PERMANENT = ['failed/permanent'] as const;

/** All known events: `at` is the event, for `failed` with its severity; `code` its reason, `status` that of the delivery. */
export const MAILGUN_EVENTS: readonly EventFact[] = [
  { at: ['accepted'], means: accepted, source: TYPES },
  { at: ['delivered'], means: delivered, source: TYPES },
  { at: ['opened'], means: opened, source: TYPES },
  { at: ['clicked'], means: clicked, source: TYPES },
  { at: ['unsubscribed'], means: unsubscribed, source: TYPES },
  { at: ['complained'], means: complained('spam-report'), source: TYPES },
  { at: ['rejected'], text: /virus|malware/i, means: rejected('virus'), source: TYPES },
  { at: ['rejected'], means: rejected('policy'), source: TYPES },

  { at: ['failed/temporary'], code: ['greylisted'], means: deferred('greylisted'), source: REASONS },
  { at: ['failed/temporary'], status: [498], means: deferred('dns'), source: REASONS },
  {
    at: ['failed/temporary'],
    text: /4\.2\.2|mailbox (is )?full|quota/i,
    means: deferred('mailbox-full'),
    source: REASONS,
  },
  { at: ['failed/temporary'], means: deferred('temporary'), source: STRUCTURE },

  // Lists of the domain: Mailgun did not try.
  { at: PERMANENT, code: ['suppress-bounce'], means: listed('bounced-before'), source: REASONS },
  { at: PERMANENT, code: ['suppress-complaint'], means: listed('complained-before'), source: REASONS },
  { at: PERMANENT, code: ['suppress-unsubscribe'], means: listed('unsubscribed-before'), source: REASONS },
  { at: PERMANENT, status: [605], means: listed('bounced-before'), source: CODES },
  { at: PERMANENT, status: [606], means: listed('unsubscribed-before'), source: CODES },
  { at: PERMANENT, status: [607], means: listed('complained-before'), source: CODES },

  { at: PERMANENT, code: ['old', 'greylisted'], means: soft('expired'), source: REASONS },
  { at: PERMANENT, status: [602], means: soft('expired'), source: CODES },
  { at: PERMANENT, code: ['espblock', 'blacklisted'], means: blocked('reputation'), source: REASONS },
  { at: PERMANENT, status: [498], means: soft('dns'), source: CODES },
  { at: PERMANENT, code: ['bounce', 'hardfail'], means: hard('mailbox-unknown'), source: REASONS },
  // Mailgun could not read the reply: the words decide, see `corrected`.
  { at: PERMANENT, text: /^[45]?\d*[ -]?5\.1\.[12]\b/, means: hard('mailbox-unknown'), source: REASONS },
  { at: PERMANENT, means: soft('unknown'), source: STRUCTURE },

  // A route stored received mail: nothing that was sent.
  { at: ['stored'], means: other('test'), source: TYPES },
  { means: UNKNOWN_EVENT, source: TYPES },
];
