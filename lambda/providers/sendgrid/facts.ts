import { AUTHENTICATION } from '../../mail/outcome.ts';
import { account, cite, type Fact, message, oneRecipient, sender } from '../fact.ts';

const ERRORS = cite(
  'docs.sendgrid.com/api-reference/mail-send/errors; sendgrid/docs, API_Reference/Web_API_v3/Mail/errors.md',
  '2026-11-28',
);
const SPEC = cite('Twilio SendGrid Mail API 1.0.0 (twilio/sendgrid-oai, spec/json/tsg_mail_v3.json)', '2026-11-28');
const HELP = cite('support.sendgrid.com, 18322114821403 (4XX API errors)', '2026-11-28');
const VALIDATION = cite('support.sendgrid.com, 34677918767131 (validation errors of Mail Send)', '2026-11-28');
/** Public reports of users, which contain the complete answer. */
const IDENTITY = cite('sendgrid/sendgrid-ruby#489 and sendgrid/sendgrid-nodejs#1090', '2026-11-28');
const ADDRESS = cite('Gig-o-Matic/GO3#549 and sendgrid/sendgrid-nodejs#974', '2026-11-28');
const RIGHTS = cite('www.twilio.com/docs/api/errors/60604', '2026-11-28');
const OBJECT = cite('anymail/django-anymail, anymail/backends/sendgrid.py', '2026-11-28');
/** Source of rows for which no document was found. Such a row has a likely wording of a known meaning. */
const GUESS = cite('a guess', '2026-11-28');

const BAD = [400] as const;
const DENIED = [401, 403] as const;

/**
 * Meanings of all known errors. An answer has a list of errors. The first row that matches any of these errors gives the meaning
 * of the answer. SendGrid has no error codes, so errors are distinguished by status, field (`at`) and text.
 */
export const SENDGRID_FACTS: readonly Fact[] = [
  // SendGrid gives the same answer for an account whose payment failed (www.twilio.com/docs/api/errors/60603).
  { text: /maximum credits exceeded/i, means: account('quota'), source: HELP },
  { status: DENIED, text: /not authorized to send mail/i, means: account('not-allowed-to-send'), source: RIGHTS },
  {
    status: DENIED,
    text: /account[^.]*(suspended|deactivated|banned|disabled|frozen|terminated|under review)|not authorized to access sendgrid/i,
    means: account('account-suspended'),
    source: GUESS,
  },
  { status: [...BAD, ...DENIED], text: /verified sender identity/i, means: sender('sender-unknown'), source: IDENTITY },
  { status: [401], means: account(AUTHENTICATION), source: HELP },
  { status: [403], means: account('access-denied'), source: SPEC },
  { status: [415], text: /utf-?8/i, means: message('format'), source: ERRORS },
  // These statuses refuse the request, not the message: the URL is wrong, or SendGrid has changed its API.
  {
    status: [300, 301, 302, 303, 304, 307, 308, 404, 405, 410, 415],
    means: account('wrong-url'),
    source: SPEC,
  },

  {
    status: BAD,
    at: /^personalizations\.\d+\.(to|cc|bcc)\.\d+(\.|$)/,
    text: /valid (email )?address|maximum total length/i,
    means: oneRecipient('invalid-email'),
    source: ADDRESS,
  },
  // Mailover has already checked the syntax of the From address, so this answer refuses the sender identity.
  { status: BAD, at: /^from(\.|$)/, means: sender('sender-refused'), source: ERRORS },
  { status: BAD, text: /unique between to, cc, and bcc/i, means: message('invalid-request'), source: VALIDATION },
  { status: BAD, text: /limit of 1000 total recipients/i, means: message('too-many-recipients'), source: ERRORS },
  {
    status: BAD,
    text: /too large|exceeds.*([mk]b\b|size)|size limit/i,
    means: message('too-large'),
    source: GUESS,
  },
  // This is the complete text of the error for a body that is not JSON, or whose custom arguments are not strings.
  { status: BAD, text: /^bad request$/i, means: message('invalid-json'), source: OBJECT },
  { status: BAD, text: /^invalid request$/i, means: message('invalid-request'), source: SPEC },
  {
    status: BAD,
    at: /^(personalizations|reply_to|reply_to_list|subject|content|attachments|headers|categories|custom_args)(\.|$)/,
    means: message('invalid-field'),
    source: ERRORS,
  },
  // Our request uses settings that the account does not have.
  {
    status: BAD,
    at: /^(tracking_settings|mail_settings|asm|ip_pool_name|template_id|batch_id|send_at)(\.|$)/,
    means: message('invalid-request'),
    source: ERRORS,
  },
];
