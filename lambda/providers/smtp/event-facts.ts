import { complained, deferred, delivered, type EventFact, other, soft, UNKNOWN_EVENT } from '../event.ts';
import { cite } from '../fact.ts';

const ACTION = cite('RFC 3464 section 2.3.3', '2026-11-29');
const STATUS = cite('RFC 3463', '2026-11-29');
const FEEDBACK = cite('RFC 5965 section 7.3; IANA, abuse reporting format', '2026-11-29');

/**
 * Meaning of reports that return as mail: `at` is the action of a delivery report with `code` its status, or
 * `feedback` with `code` the type of feedback. A failure is read by its reply first, see `events.ts`.
 */
export const REPORT_EVENTS: readonly EventFact[] = [
  { at: ['delivered', 'relayed', 'expanded'], means: delivered, source: ACTION },
  { at: ['delayed'], code: /^4\.2\.2$/, means: deferred('mailbox-full'), source: STATUS },
  { at: ['delayed'], code: /^4\.4\./, means: deferred('unreachable'), source: STATUS },
  { at: ['delayed'], means: deferred('temporary'), source: ACTION },
  // A temporary failure that was tried for as long as the server does.
  { at: ['failed'], code: /^4\./, means: soft('expired'), source: STATUS },
  { at: ['failed'], means: soft('unknown'), source: ACTION },
  { at: ['feedback'], code: /^abuse$/, means: complained('spam-report'), source: FEEDBACK },
  { at: ['feedback'], code: /^fraud$/, means: complained('fraud'), source: FEEDBACK },
  { at: ['feedback'], code: /^virus$/, means: complained('virus'), source: FEEDBACK },
  { at: ['feedback'], code: /^not-spam$/, means: other('not-spam'), source: FEEDBACK },
  { at: ['feedback'], code: /^auth-failure/, means: other('policy'), source: FEEDBACK },
  { means: UNKNOWN_EVENT, source: ACTION },
];
