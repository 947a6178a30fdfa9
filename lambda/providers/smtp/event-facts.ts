import { type EventFact, meaning, soft } from '../event.ts';
import { cite } from '../fact.ts';

const ACTION = cite('RFC 3464 section 2.3.3', '2026-11-29');
const STATUS = cite('RFC 3463', '2026-11-29');
const FEEDBACK = cite('RFC 5965 section 7.3; IANA, abuse reporting format', '2026-11-29');

/**
 * Meanings of reports that arrive as mail. For a delivery report, `at` is the field Action, and `code` is the field Status. For a
 * report of an abuse desk, `at` is `feedback`, and `code` is the type of feedback. For a failure, the meaning of the SMTP reply
 * in the report has precedence over this table, unless the Status begins with 4.
 */
export const REPORT_EVENTS: readonly EventFact[] = [
  { at: ['delivered', 'relayed', 'expanded'], means: meaning('delivered'), source: ACTION },
  { at: ['delayed'], code: /^4\.2\.2$/, means: meaning('deferred', 'mailbox-full'), source: STATUS },
  { at: ['delayed'], code: /^4\.4\./, means: meaning('deferred', 'unreachable'), source: STATUS },
  { at: ['delayed'], means: meaning('deferred', 'temporary'), source: ACTION },
  // The server retried after a temporary failure, and has now given up.
  { at: ['failed'], code: /^4\./, means: soft('expired'), source: STATUS },
  { at: ['failed'], means: soft('unknown'), source: ACTION },
  { at: ['feedback'], code: /^abuse$/, means: meaning('complained', 'spam-report'), source: FEEDBACK },
  { at: ['feedback'], code: /^fraud$/, means: meaning('complained', 'fraud'), source: FEEDBACK },
  { at: ['feedback'], code: /^virus$/, means: meaning('complained', 'virus'), source: FEEDBACK },
  { at: ['feedback'], code: /^not-spam$/, means: meaning('other', 'not-spam'), source: FEEDBACK },
  { at: ['feedback'], code: /^auth-failure/, means: meaning('other', 'policy'), source: FEEDBACK },
];
