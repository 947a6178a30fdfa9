import type { EventReason } from '../contract/event-words.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Reason } from '../mail/reason.ts';
import { blocked, type EventMeaning, hard, soft } from './event.ts';
import { classifyReply } from './smtp/classify.ts';

/** Reasons of the table of SMTP replies that are about one mailbox. */
const MAILBOX: Readonly<Partial<Record<Reason, EventMeaning>>> = {
  'recipient-unknown': hard('mailbox-unknown'),
  'recipient-disabled': hard('mailbox-disabled'),
  'recipient-moved': hard('mailbox-moved'),
  'recipient-syntax': hard('address-invalid'),
  'recipient-domain': hard('domain-unknown'),
  'mailbox-full': soft('mailbox-full'),
  'mailbox-busy': soft('mailbox-busy'),
  greylisted: soft('greylisted'),
  'recipient-rate': soft('rate'),
};

/** Reasons of that table that are about the mail; those that it lacks are policies. */
const MAIL: Readonly<Partial<Record<Reason, EventMeaning>>> = {
  'too-large': soft('too-large'),
  'routing-loop': soft('unreachable'),
  format: blocked('content'),
  content: blocked('content'),
  virus: blocked('virus'),
};

/** The SMTP reply in the words of an event: `smtp; 550 5.1.1 …` of a report, `550 5.1.1 …`, or `5.1.1 …` with `status` apart. */
export function replyIn(words: string, status?: number | string): string | undefined {
  const text = words.replace(/^\s*(?:smtp|x-\w[\w-]*)\s*;\s*/i, '').trim();
  if (/^[45]\d\d[ -]/.test(text)) return text;
  if (/^[45]\d\d$/.test(`${status ?? ''}`)) return `${status} ${text}`;
  const [, enhanced] = /^([45])\.\d{1,3}\.\d{1,3}\b/.exec(text) ?? [];
  return enhanced === undefined ? undefined : `${enhanced}50 ${text}`;
}

/**
 * Meaning of the reply that ended a delivery, by the table of SMTP replies; undefined if it has no row.
 *
 * It is not known at which stage the reply was given. A row about the mail or its sender decides first: a wrong `hard`
 * would stop all mail to an address.
 */
export function bounceIn(reply: string): EventMeaning | undefined {
  const [end, rcpt] = [classifyReply('end', reply), classifyReply('rcpt', reply)];
  // x.2.x other than a disabled mailbox leaves open whether it exists (RFC 3463 section 3.3).
  const isVague = /^5\d\d[ -]5\.2\.(?!1\b)/.test(reply);
  const [first, second] = [refusalIn(end), refusalIn(rcpt)];
  const found = first?.bounce === 'blocked' ? first : (second ?? first);
  if (isVague && found?.bounce === 'hard') return soft('mailbox-busy');
  return found?.bounce !== 'blocked' && SAYS_BLOCKED.test(reply) && !SAYS_UNKNOWN.test(reply)
    ? blocked('policy')
    : found;
}

/**
 * Words of a block in a reply without an exact row, such as "550 Envelope blocked - User Entry" of Mimecast, and words of an unknown
 * mailbox, which count before them (ActiveCampaign/smtp-field-manual, 550.json, 2026-11-29).
 */
const SAYS_BLOCKED = /\b(block(ed|ing|s|list(ed)?)?|blacklist(ed)?|prohibit(s|ed|ion)|spam(my)?|spoof(ed|ing)?)\b/i;
const SAYS_UNKNOWN =
  /\b5\.1\.[1-3]\b|\b(unknown|disabled|invalid|inactive|not exist|no such|not found|no longer|mailbox full|over ?quota)\b/i;

function refusalIn(outcome: Outcome): EventMeaning | undefined {
  switch (outcome.kind) {
    case 'accepted':
    case 'unrecognised':
    case 'unknown':
      return undefined;
    case 'throttled':
      return MAILBOX[outcome.reason] ?? soft(outcome.reason === 'rate-limit' ? 'rate' : 'temporary');
    case 'unavailable':
      // `routing`, `local-error`: the receiving side; the rest is about our host, account or address.
      if (outcome.blames === 'outage') return outcome.reason === 'routing' ? soft('unreachable') : undefined;
      return blocked(outcome.blames === 'sender' ? 'authentication' : 'reputation');
    case 'refused':
      return MAILBOX[outcome.reason] ?? MAIL[outcome.reason] ?? blocked('policy');
    default:
      return outcome satisfies never;
  }
}

/** The enhanced status code of a reply, else its status; undefined without either. */
export function codeIn(reply: string | undefined): string | undefined {
  const [, status, enhanced] = /^([45]\d\d)[ -](?:([245]\.\d{1,3}\.\d{1,3})\b)?/.exec(reply ?? '') ?? [];
  return enhanced ?? status;
}

/**
 * The meaning by the provider's table, corrected by the reply that it passes on: the provider may count a block as a hard
 * bounce, never the reverse, and the reply often has the better reason.
 */
export function corrected(means: EventMeaning, reply: string | undefined): EventMeaning {
  if (means.type !== 'bounced' || reply === undefined) return means;
  const found = bounceIn(reply);
  if (found === undefined) return means;
  if (means.bounce === 'hard')
    return found.bounce === 'hard' || means.reason === 'address-invalid' ? refined(means, found) : found;
  if (means.bounce === 'soft' && found.bounce === 'blocked') return found;
  // SendGrid counts a full mailbox as a block.
  if (means.bounce === 'blocked' && found.reason === 'mailbox-full') return found;
  return found.bounce === means.bounce ? refined(means, found) : means;
}

/** The more exact of two reasons. */
function refined(means: EventMeaning, found: EventMeaning): EventMeaning {
  const vague: ReadonlySet<EventReason | undefined> = new Set([
    'unknown',
    'mailbox-unknown',
    'policy',
    'temporary',
    undefined,
  ]);
  return vague.has(means.reason) && found.reason ? { ...means, reason: found.reason } : means;
}
