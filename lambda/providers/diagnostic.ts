import type { EventReason } from '../contract/event-enums.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Reason } from '../mail/reason.ts';
import { blocked, type EventMeaning, hard, soft } from './event.ts';
import { classifyReply } from './smtp/classify.ts';

/** Meanings of a bounce, by the reason that `classifyReply` returns for its SMTP reply. These reasons are about one mailbox. */
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

/**
 * Meanings of a bounce, by reasons that are about the mail itself. A refusal for any reason in neither table is
 * `blocked('policy')`.
 */
const MAIL: Readonly<Partial<Record<Reason, EventMeaning>>> = {
  'too-large': soft('too-large'),
  'routing-loop': soft('unreachable'),
  format: blocked('content'),
  content: blocked('content'),
  virus: blocked('virus'),
};

/**
 * Returns the SMTP reply (4xx or 5xx) in the text of an event. The text may be `smtp; 550 5.1.1 …` (as in a delivery report) or
 * `550 5.1.1 …`. If the text does not begin with a 4xx or 5xx status, `status` is put before the text. If `status` is no such
 * status either, but the text begins with an enhanced status code 4.x.x or 5.x.x, then 450 or 550 is put before the text.
 * Otherwise returns undefined.
 */
export function replyIn(words: string, status?: number | string): string | undefined {
  const text = words.replace(/^\s*(?:smtp|x-\w[\w-]*)\s*;\s*/i, '').trim();
  if (/^[45]\d\d[ -]/.test(text)) return text;
  if (/^[45]\d\d$/.test(`${status ?? ''}`)) return `${status} ${text}`;
  const [, enhanced] = /^([45])\.\d{1,3}\.\d{1,3}\b/.exec(text) ?? [];
  return enhanced === undefined ? undefined : `${enhanced}50 ${text}`;
}

/**
 * Returns the meaning of the SMTP reply that ended a delivery, according to the table of SMTP replies; undefined if the table
 * does not show what the reply means for the recipient or the mail.
 *
 * It is not known which SMTP command the reply answers, so the reply is classified twice: as a reply to the final dot and as a
 * reply to RCPT TO. If the meaning as a reply to the final dot is `blocked`, this meaning is used, since a wrong `hard` would
 * stop all mail to an address. Otherwise the meaning as a reply to RCPT TO is preferred. The result is then corrected: `hard`
 * becomes `soft` if the enhanced status code is vague; otherwise the result becomes `blocked` if the text of the reply names a
 * block.
 */
export function bounceIn(reply: string): EventMeaning | undefined {
  const [end, rcpt] = [classifyReply('end', reply), classifyReply('rcpt', reply)];
  // The enhanced status codes 5.2.x, except 5.2.1 (mailbox disabled), do not say whether the mailbox exists (RFC 3463 section
  // 3.3).
  const isVague = /^5\d\d[ -]5\.2\.(?!1\b)/.test(reply);
  const [first, second] = [refusalIn(end), refusalIn(rcpt)];
  const found = first?.bounce === 'blocked' ? first : (second ?? first);
  if (isVague && found?.bounce === 'hard') return soft('mailbox-busy');
  return found?.bounce !== 'blocked' && SAYS_BLOCKED.test(reply) && !SAYS_UNKNOWN.test(reply)
    ? blocked('policy')
    : found;
}

/**
 * A reply with one of these words counts as a block, for example Mimecast's "550 Envelope blocked - User Entry"
 * (ActiveCampaign/smtp-field-manual, 550.json, 2026-11-29). If the reply also has a word of `SAYS_UNKNOWN`, the reply is about
 * the mailbox, and the words of this pattern are ignored.
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
      // A bounce with `outage` (for example with the reason `routing` or `local-error`) shows a fault of the receiving server.
      // All other outcomes of the kind `unavailable` are about the sending host, account or address.
      if (outcome.blames === 'outage') return outcome.reason === 'routing' ? soft('unreachable') : undefined;
      return blocked(outcome.blames === 'sender' ? 'authentication' : 'reputation');
    case 'refused':
      return MAILBOX[outcome.reason] ?? MAIL[outcome.reason] ?? blocked('policy');
    default:
      return outcome satisfies never;
  }
}

/**
 * Returns the enhanced status code of an SMTP reply; without such a code, the three-digit status. Returns undefined if the reply
 * does not begin with a 4xx or 5xx status.
 */
export function codeIn(reply: string | undefined): string | undefined {
  const [, status, enhanced] = /^([45]\d\d)[ -](?:([245]\.\d{1,3}\.\d{1,3})\b)?/.exec(reply ?? '') ?? [];
  return enhanced ?? status;
}

/**
 * Corrects `means`, the meaning of a bounce in the provider's table, by the SMTP reply in the event. Providers count some blocks
 * as hard bounces, but no hard bounces as blocks. Therefore `hard` may become `blocked` or `soft`, but no other meaning becomes
 * `hard`. The reply often gives a more exact reason too.
 */
export function corrected(means: EventMeaning, reply: string | undefined): EventMeaning {
  if (means.type !== 'bounced' || reply === undefined) return means;
  const found = bounceIn(reply);
  if (found === undefined) return means;
  if (means.bounce === 'hard')
    return found.bounce === 'hard' || means.reason === 'address-invalid' ? refined(means, found) : found;
  if (means.bounce === 'soft' && found.bounce === 'blocked') return found;
  // SendGrid counts a bounce because of a full mailbox as a block.
  if (means.bounce === 'blocked' && found.reason === 'mailbox-full') return found;
  return found.bounce === means.bounce ? refined(means, found) : means;
}

/**
 * Returns `means` with the reason of `found`, if `means` has no reason or one of the general reasons below. Otherwise returns
 * `means` unchanged.
 */
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
