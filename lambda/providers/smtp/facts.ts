/** Where in the dialogue a reply came; `data` is the answer to DATA itself, `end` the one to the final dot. */
export type SmtpStage = 'connect' | 'ehlo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'end';

/** What a reply comes to, before the server's words are added. */
type SmtpVerdict =
  | { readonly kind: 'throttled'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly blames: 'outage' | 'account'; readonly reason: string }
  | { readonly kind: 'refused'; readonly blames: 'message'; readonly reason: string };

/** One known reply. A condition that is absent holds for every reply; all that are present must hold. */
interface SmtpFact {
  readonly at?: readonly SmtpStage[];
  /** The three digits. */
  readonly code?: RegExp;
  /** The enhanced status code of RFC 3463, empty if the reply has none. */
  readonly status?: RegExp;
  readonly text?: RegExp;
  readonly verdict: SmtpVerdict;
  /** Where the fact is written, and when it was read. */
  readonly source: string;
}

const RFC5321 = 'RFC 5321 section 4.2, 2026-11-23';
const RFC3463 = 'RFC 3463 and the IANA registry of enhanced status codes (RFC 5248), 2026-11-23';
const MAILGUN = 'Mailgun SMTP, public reports, 2026-11-23';
const SES = 'docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html, 2026-11-23';
const POSTFIX = 'Postfix smtpd default replies, 2026-11-23';
const MAILBOX = 'RFC 3463 section 3.3: a full mailbox passes, 2026-11-23';

const outage = (reason: string): SmtpVerdict => ({ kind: 'unavailable', blames: 'outage', reason });
const account = (reason: string): SmtpVerdict => ({ kind: 'unavailable', blames: 'account', reason });
const throttled = (reason: string): SmtpVerdict => ({ kind: 'throttled', reason });
const message = (reason: string): SmtpVerdict => ({ kind: 'refused', blames: 'message', reason });

const RCPT = ['rcpt'] as const;
const MAIL = ['mail'] as const;
const BODY = ['data', 'end'] as const;
const ENVELOPE = ['mail', 'rcpt', 'data', 'end'] as const;

/** Every reply that is known, most telling first; the rows after `the unseen` take what nobody has seen yet. */
export const SMTP_FACTS: readonly SmtpFact[] = [
  // Words that outweigh the code: permanent account states come with 4xx codes too.
  { text: /not allowed to send|account is on probation/i, verdict: account('not-allowed-to-send'), source: MAILGUN },
  { text: /daily (message|sending) quota/i, verdict: account('quota'), source: SES },
  { text: /maximum sending rate|throttling failure/i, verdict: throttled('rate-limit'), source: SES },

  // Greeting and EHLO.
  { at: ['connect', 'ehlo'], code: /^421/, verdict: outage('service-unavailable'), source: RFC5321 },
  { at: ['connect', 'ehlo'], code: /^45[02]/, verdict: throttled('deferred'), source: RFC5321 },
  { at: ['connect', 'ehlo'], code: /^4/, status: /^4\.7\./, verdict: throttled('deferred'), source: RFC3463 },
  { at: ['connect', 'ehlo'], code: /^4/, verdict: outage('temporary-failure'), source: RFC5321 },
  { at: ['connect', 'ehlo'], code: /^5/, status: /^5\.7\./, verdict: account('client-refused'), source: RFC3463 },
  {
    at: ['connect', 'ehlo'],
    code: /^55[04]/,
    text: /block|reputation|denied|reject|listed/i,
    verdict: account('client-refused'),
    source: RFC5321,
  },
  {
    at: ['connect'],
    code: /^(521|554|556)/,
    verdict: outage('no-mail-service'),
    source: 'RFC 5321 section 3.1 and RFC 7504, 2026-11-23',
  },
  { at: ['connect', 'ehlo'], code: /^5/, verdict: outage('session'), source: RFC5321 },
  { at: ['starttls'], code: /^[45]/, verdict: outage('tls'), source: 'RFC 3207 section 4, 2026-11-23' },

  // Who we are.
  { code: /^530/, text: /starttls/i, verdict: account('tls-required'), source: 'RFC 3207 section 4, 2026-11-23' },
  { code: /^53[0458]/, verdict: account('authentication'), source: 'RFC 4954 section 6, 2026-11-23' },
  { code: /^5/, status: /^5\.7\.8$/, verdict: account('authentication'), source: 'RFC 4954 section 6, 2026-11-23' },
  {
    at: ['auth'],
    code: /^454/,
    verdict: throttled('authentication-deferred'),
    source: 'RFC 4954 section 6, 2026-11-23',
  },
  { at: ['auth'], code: /^50[0-4]/, verdict: outage('session'), source: RFC5321 },
  { at: ['auth'], code: /^5/, verdict: account('authentication'), source: 'RFC 4954 section 6, 2026-11-23' },

  // Passing trouble.
  { code: /^421/, verdict: outage('service-unavailable'), source: RFC5321 },
  { at: RCPT, code: /^[45]/, status: /^[45]\.2\.2$/, verdict: throttled('mailbox-full'), source: MAILBOX },
  { at: BODY, code: /^[45]/, status: /^[45]\.2\.2$/, verdict: throttled('mailbox-full'), source: MAILBOX },
  { at: RCPT, code: /^[45]52/, text: /mailbox.*full|quota/i, verdict: throttled('mailbox-full'), source: MAILBOX },
  {
    code: /^45[01]/,
    text: /gr[ae]y-?list/i,
    verdict: throttled('greylisted'),
    source: 'RFC 6647 section 4, 2026-11-23',
  },
  { code: /^45[01]/, status: /^4\.7\./, verdict: throttled('greylisted'), source: 'RFC 6647 section 4, 2026-11-23' },
  { code: /^45[24]/, status: /^4\.5\.3$/, verdict: throttled('too-many-recipients'), source: RFC3463 },
  { code: /^452/, status: /^4\.3\.1$/, verdict: throttled('insufficient-storage'), source: RFC3463 },
  { code: /^4/, status: /^4\.7\./, verdict: throttled('policy-deferral'), source: RFC3463 },
  { code: /^451/, status: /^4\.3\./, verdict: outage('local-error'), source: RFC3463 },
  { code: /^4/, status: /^4\.4\./, verdict: outage('routing'), source: RFC3463 },
  { code: /^450/, verdict: throttled('mailbox-busy'), source: RFC5321 },
  { code: /^451/, verdict: outage('local-error'), source: RFC5321 },
  { code: /^452/, verdict: throttled('insufficient-storage'), source: RFC5321 },
  { code: /^454/, verdict: throttled('deferred'), source: RFC5321 },
  { code: /^455/, verdict: outage('session'), source: RFC5321 },

  // Our standing, wherever the server chooses to say it.
  {
    at: ENVELOPE,
    code: /^5/,
    status: /^5\.7\.(2[0-9]|30|509|515)$/,
    verdict: account('domain-authentication'),
    source: 'RFC 7372; 5.7.515 learn.microsoft.com, 2026-11-23',
  },
  {
    at: ENVELOPE,
    code: /^55/,
    text: /\b(dmarc|dkim|spf)\b/i,
    verdict: account('domain-authentication'),
    source: 'RFC 7372 section 3, 2026-11-23',
  },
  {
    at: ENVELOPE,
    code: /^5/,
    text: /relay(ing)? (access )?(is )?(denied|not permitted|not allowed)|unable to relay/i,
    verdict: account('relay-denied'),
    source: POSTFIX,
  },
  {
    at: ENVELOPE,
    code: /^5/,
    text: /sender (address )?(rejected|refused|denied|verify failed)/i,
    verdict: account('sender-refused'),
    source: POSTFIX,
  },
  { at: ENVELOPE, code: /^5/, status: /^5\.1\.[78]$/, verdict: account('sender-refused'), source: RFC3463 },
  {
    at: ENVELOPE,
    code: /^5/,
    text: /client host.*(blocked|rejected)|blocked using/i,
    verdict: account('client-refused'),
    source: POSTFIX,
  },

  // The message itself.
  { at: ENVELOPE, code: /^55/, status: /^5\.(3\.4|2\.3)$/, verdict: message('too-large'), source: RFC3463 },
  {
    at: ENVELOPE,
    code: /^55/,
    status: /^5\.6\.[79]$/,
    verdict: message('address-encoding'),
    source: 'RFC 6531 section 3.4, 2026-11-23',
  },
  {
    at: ['mail', 'data', 'end'],
    code: /^552/,
    verdict: message('too-large'),
    source: 'RFC 1870 section 6, 2026-11-23',
  },
  { at: MAIL, code: /^55[0134]/, verdict: account('sender-refused'), source: RFC5321 },
  { at: MAIL, code: /^5[25]/, verdict: outage('session'), source: RFC5321 },

  // One recipient.
  { at: RCPT, code: /^5/, status: /^5\.1\.(1|6)$/, verdict: message('recipient-unknown'), source: RFC3463 },
  {
    at: RCPT,
    code: /^5/,
    status: /^5\.1\.(2|10)$/,
    verdict: message('recipient-domain'),
    source: 'RFC 3463, RFC 7505 (null MX), 2026-11-23',
  },
  { at: RCPT, code: /^5/, status: /^5\.1\.3$/, verdict: message('recipient-syntax'), source: RFC3463 },
  { at: RCPT, code: /^5/, status: /^5\.1\./, verdict: message('recipient-unknown'), source: RFC3463 },
  { at: RCPT, code: /^5/, status: /^5\.2\./, verdict: message('recipient-disabled'), source: RFC3463 },
  { at: RCPT, code: /^55/, status: /^5\.7\./, verdict: message('recipient-policy'), source: RFC3463 },
  { at: RCPT, code: /^(521|556)/, verdict: message('recipient-domain'), source: 'RFC 7504, 2026-11-23' },
  { at: RCPT, code: /^551/, verdict: message('recipient-moved'), source: RFC5321 },
  { at: RCPT, code: /^552/, verdict: throttled('mailbox-full'), source: RFC5321 },
  { at: RCPT, code: /^553/, verdict: message('recipient-syntax'), source: RFC5321 },
  { at: RCPT, code: /^55[04]/, verdict: message('recipient-unknown'), source: RFC5321 },

  // Content.
  { at: BODY, code: /^55/, status: /^5\.6\./, verdict: message('content'), source: RFC3463 },
  { at: BODY, code: /^55/, status: /^5\.7\./, verdict: message('policy'), source: RFC3463 },
  { at: BODY, code: /^55[04]/, verdict: message('content'), source: RFC5321 },

  // The session, not the mail: 503 is our order of commands, 555 a parameter that the server announced.
  { code: /^50[0-4]/, verdict: outage('session'), source: RFC5321 },
  { code: /^555/, verdict: outage('session'), source: RFC5321 },

  // The unseen. A new 4xx about a recipient waits; a new 5xx is only this server's opinion and goes to the next one.
  { at: RCPT, code: /^4/, verdict: throttled('temporary-failure'), source: RFC5321 },
  { code: /^4/, verdict: outage('temporary-failure'), source: RFC5321 },
  { at: ['rcpt', 'data', 'end'], code: /^5/, verdict: message('unrecognised'), source: RFC5321 },
  { code: /^5/, verdict: outage('unrecognised'), source: RFC5321 },
];
