import { AUTHENTICATION } from '../../mail/outcome.ts';
import { account, cite, type Fact, message, outage, recipientBusy, sender, throttled, UNRECOGNISED } from '../fact.ts';

/**
 * Stage of the SMTP dialogue at which a reply arrives. `connect`: the server's greeting. `data`: the reply to the command DATA
 * itself. `end`: the reply to the final dot.
 */
export type SmtpStage = 'connect' | 'ehlo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'end';

const RFC5321 = cite('RFC 5321 section 4.2', '2026-11-23');
const RFC3463 = cite('RFC 3463 and the IANA registry of enhanced status codes (RFC 5248)', '2026-11-23');
const RFC4954 = cite('RFC 4954 section 6', '2026-11-23');
const MAILGUN = cite('Mailgun SMTP, public reports', '2026-11-23');
const SES = cite('docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html', '2026-11-28');
const SES_TEXTS = cite(
  'docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html; GoogleCloudPlatform/cloud-build-notifiers#87',
  '2026-11-28',
);
const SES_IAM = cite('GSA/data.gov#3810, ssc-sp/datahub-portal#419', '2026-11-28');
const POSTFIX = cite('Postfix smtpd default replies', '2026-11-23');
const MAILBOX = cite('RFC 3463 section 3.3: a full mailbox passes', '2026-11-23');
const GMAIL = cite('support.google.com/a/answer/3726730', '2026-11-28');
const GMAIL_RELAY = cite('support.google.com/a/answer/6140680', '2026-11-28');
const EXCHANGE = cite(
  'learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/non-delivery-reports-in-exchange-online',
  '2026-11-28',
);
const SENDGRID = cite('sendgrid.com/docs/for-developers/sending-email/smtp-errors-and-troubleshooting', '2026-11-28');
const ZOHO = cite('zoho.com/zeptomail/help/api/smtp-error-codes.html; help.zoho.com community', '2026-11-28');
const BREVO = cite('WPManageNinja/fluent-smtp#157, frappe/frappe#38806, supabase/agent-skills#133', '2026-11-28');
const HOSTERS = cite(
  'ionos.ca/help (mass mailing limits), cPanel "max emails per hour", support.startmail.com 360006737337; OVH: ' +
    'aschroder/Magento-SMTP-Pro-Email-Extension#94, root-io/vmail#67, freescout-help-desk/freescout#4005, gophish/gophish#3231',
  '2026-11-28',
);
const LISTED = cite(
  'Postfix, Spamhaus and sender.office.com replies in public reports (iredmail/iRedMail#264)',
  '2026-11-28',
);

const CONNECT = ['connect', 'ehlo'] as const;
const MAIL = ['mail'] as const;
const RCPT = ['rcpt'] as const;
const BODY = ['data', 'end'] as const;
const NOT_RCPT = ['connect', 'ehlo', 'auth', 'mail', 'data', 'end'] as const;
const ENVELOPE = ['mail', 'rcpt', 'data', 'end'] as const;
const AFTER_TLS = ['connect', 'ehlo', 'auth', 'mail', 'rcpt', 'data', 'end'] as const;

const SHUT =
  '(suspended|disabled|blocked|locked|restricted|closed|deactivated|terminated|frozen|inactive|on hold|under review|(not|never) (yet )?(been )?(activated|approved|enabled))';
const OFF = '(is |are |has |have |been |was |were |being |currently |temporarily |permanently |now )*';
const AGAIN = /\b(try|retry) (again )?(later|in \d|after)|temporar(y|ily) (un|re|de|fail|error|problem)/i;
/**
 * Words that show that a reply is about our host or account, and not about the mail. They are needed since RFC 3463 does not
 * define whether the code x.7.1 is about the host or about the recipient.
 */
const OF_US =
  '\\b(access|accounts?|clients?|customers?|licen[cs]es?|organi[sz]ations?|services?|servers?|subscriptions?|tenants?|hosts?|you|your(?! (message|e-?mail|mail)))\\b';
const words = (pattern: string) => new RegExp(pattern, 'i');

/**
 * Meanings of all known replies, the most specific first. The rows after the comment `Unknown replies` match every other 4xx or
 * 5xx reply.
 */
export const SMTP_FACTS: readonly Fact<SmtpStage>[] = [
  // Replies about one full or busy mailbox. A retry may succeed, and the reply says nothing about our account.
  {
    at: ENVELOPE,
    status: /^[45]/,
    code: /^[45]\.2\.2$/,
    text: /^(?!.*(submission|sending)).*$/is,
    means: recipientBusy('mailbox-full'),
    source: MAILBOX,
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /mailbox (is )?(full|over)/i,
    means: recipientBusy('mailbox-full'),
    source: MAILBOX,
  },
  {
    at: RCPT,
    status: /^[45]5[0-4]/,
    code: /^$/,
    text: /^(?!.*(send|sent|mail quota)).*(mailbox.*full|over quota|quota (is )?exceeded)/is,
    means: recipientBusy('mailbox-full'),
    source: MAILBOX,
  },
  { status: /^[45]/, text: /receiving mail (too|at a rate)/i, means: recipientBusy('recipient-rate'), source: GMAIL },
  {
    status: /^[45]/,
    text: /recipient thread limit|receive limit/i,
    means: recipientBusy('recipient-rate'),
    source: EXCHANGE,
  },
  {
    status: /^[45]/,
    text: /gr[ae]y[- ]?list/i,
    means: recipientBusy('greylisted'),
    source: cite('RFC 6647 section 4', '2026-11-23'),
  },

  // Replies about load of the server, and about limits of a session or of a short time.
  {
    status: /^4/,
    text: /temporarily deferred|deferred due to/i,
    means: throttled('policy-deferral'),
    source: SENDGRID,
  },
  {
    status: /^[45]/,
    text: /sent too many|(too many|maximum number of|max number of|reached|exceeded)\b[^.;]{0,60}\b(today|this (hour|day|month)|per (day|hour|month))\b/i,
    means: account('quota'),
    source: HOSTERS,
  },
  {
    text: /^(?!.*\b(daily|hourly|monthly|per (day|hour|month))\b).*(requests?-per-(sec|min)|peak smtp relay limit|rate.?limit|sending too fast|slow down|too many (messages|e-?mails|mails))/is,
    means: throttled('rate-limit'),
    source: GMAIL_RELAY,
  },
  {
    text: /maximum sending rate|messages per second|throttling failure: max/i,
    means: throttled('rate-limit'),
    source: SES,
  },
  {
    status: /^[45]/,
    text: /(messages?|mails?|recipients?|transactions?) (per|in (this|one|a|your)) (smtp )?(session|connection)|(session|connection) (limit|message limit)/i,
    means: throttled('session-limit'),
    source: cite('stalwartlabs/stalwart#1384, bbottema/simple-java-mail#348', '2026-11-28'),
  },
  {
    status: /^[45]/,
    text: /thread limit|too frequent connect|too many (concurrent |simultaneous |open )?(smtp )?(connections|sessions)|concurrent (\w+ )?(connections|sessions)/i,
    means: throttled('concurrency'),
    source: cite('nodemailer/nodemailer#1613, Exchange team blog 2018-04-20', '2026-11-28'),
  },
  { at: ['auth'], status: /^432/, code: /^4\.7\.12$/, means: account(AUTHENTICATION), source: RFC4954 },
  { status: /^432/, means: throttled('concurrency'), source: EXCHANGE },
  // Postfix limits the rate of each client host: `smtpd_client_*_rate_limit`.
  {
    status: /^4/,
    text: /too (much mail|many (recipients|new tls sessions|auth commands)) from/i,
    means: throttled('rate-limit'),
    source: POSTFIX,
  },
  {
    at: RCPT,
    status: /^[45]/,
    text: /multiple destination domains|separate transaction/i,
    means: recipientBusy('too-many-recipients'),
    source: GMAIL,
  },

  // Replies about our account: quota of the day or hour, suspension, credit, approval. Servers use 4xx replies too for permanent
  // states of an account.
  {
    text: /not allowed to send: |account is on probation|for test purposes only/i,
    means: account('not-allowed-to-send'),
    source: MAILGUN,
  },
  { text: /^domain \S+ is not allowed to send/i, means: account('not-allowed-to-send'), source: MAILGUN },
  {
    status: /^[45]/,
    text: words(
      '\\b(daily|day|(24.?)?hour(ly)?|month(ly)?) ([^.;]{0,40} )?(quota|limit)|(quota|limit|messages?|e-?mails?|mails?|recipients?) per (day|hour|month)|submission ?quota',
    ),
    means: account('quota'),
    source: GMAIL,
  },
  {
    status: /^[45]/,
    text: words(
      '(sending|send|message|mail|e-?mail|outgoing|outbound|outmail|relay|plan|account|smtp) (sending )?(quota|limit)s? ' +
        OFF +
        '(exceeded|reached|hit|exhausted)',
    ),
    means: account('quota'),
    source: HOSTERS,
  },
  {
    status: /^[45]/,
    text: /(sending|send|sender|outgoing|outbound|submission) (quota|limit)\b|outgoing limits|\blimit (on|of|for) (?![^.;]*\bsize\b)[^.;]{0,60}\b(exceeded|reached)/i,
    means: account('quota'),
    source: HOSTERS,
  },
  {
    status: /^[45]/,
    text: /(exceeded|reached|hit|used up) (the|your|its|max\w*) [^.;]{0,40}(quota|limit|per (hour|day))\b(?!.*\bsize\b)|max defers and failures/i,
    means: account('quota'),
    source: HOSTERS,
  },
  {
    status: /^[45]/,
    text: /exceeded (the )?(max\w*|allowed) [^.;]{0,60}\b(in|per|within) (an? |the |one )?(\d+.?)?(hours?|days?|month)\b/i,
    means: account('quota'),
    source: GMAIL,
  },
  {
    status: /^[45]/,
    text: /\b(plan|subscription|licen[cs]e) (does not|doesn't) (include|allow|permit|support)|\b(trial|subscription|plan|licen[cs]e) (period )?(is |has |was )*(expired|ended|over|not active|inactive)\b|upgrade (your|the|to a) [^.;]{0,20}(plan|account|subscription)|insufficient (funds|balance)|unpaid (invoice|bill)|\bbilling (problem|issue)/i,
    means: account('payment-required'),
    source: SENDGRID,
  },
  {
    status: /^[45]/,
    text: /credits? (limit )?(is |are |has |have |been )*(exceeded|exhausted|expired|blocked|used)|(no|out of|insufficient|maximum) credits?\b|payment required/i,
    means: account('quota'),
    source: SENDGRID,
  },
  {
    status: /^[45]/,
    text: words(
      `(sending|submission|outgoing|outbound|smtp)\\b( (mail|e-?mail|access|service)|(?! (ip|domain|address|server|host))( [^\\s;,.]+){0,2} (from|for) [^;,]{1,60})? ${OFF}(suspended|paused|disabled|blocked|not (enabled|activated|permitted))|email outgoing blocked`,
    ),
    means: account('sending-paused'),
    source: SES_TEXTS,
  },
  {
    status: /^[45]/,
    text: words(
      `(your|sender'?s?|sending|smtp|sasl|mailgun|this sending)( smtp| e-?mail| user| sending| mail)? account ${OFF}${SHUT}`,
    ),
    means: account('account-disabled'),
    source: BREVO,
  },
  {
    at: NOT_RCPT,
    status: /^[45]/,
    text: words(`^(?!.*(tried to reach|recipient)).*\\baccount ${OFF}${SHUT}`),
    means: account('account-disabled'),
    source: BREVO,
  },
  {
    at: NOT_RCPT,
    status: /^[45]/,
    text: words(`^(?!.*recipient).*\\bdomain (\\S+ )?${OFF}(suspended|disabled|blocked|locked|deactivated)`),
    means: account('domain-disabled'),
    source: MAILGUN,
  },
  {
    status: /^[45]/,
    text: words(`mail agent ${OFF}${SHUT}`),
    means: account('account-disabled'),
    source: ZOHO,
  },
  {
    status: /^5/,
    text: /configuration.?set .*(does not|doesn't|not) (exist|found)/i,
    means: account('configuration-missing'),
    source: SES_TEXTS,
  },
  {
    status: /^[45]/,
    text: /unusual (sending )?(activity|behaviou?r)|suspicious (sending )?activity|outbound ?spam|bad outbound sender|\bfrom (your|this) account\b|account [^.;]{0,30}\bcompromised|tenant has exceeded|restricted from sending|(blocked|banned|barred) from sending|spam abuse/i,
    means: account('account-restricted'),
    source: ZOHO,
  },

  // Replies about missing permissions and about the login.
  { text: /not authori[sz]ed to perform|explicit deny/i, means: account('access-denied'), source: SES_IAM },
  {
    status: /^5/,
    text: /\buser\b.* is not authori[sz]ed(?! to send (as|from|on))/i,
    means: account('access-denied'),
    source: cite('twilio.com/docs/api/errors/60604', '2026-11-28'),
  },
  {
    status: /^5/,
    text: /\b(you are|(your|this|the) (account|user|mailbox)( \S+)? is) not (allowed|permitted|authori[sz]ed|enabled) to send(?! (to (?!external)|as|from|on))/i,
    means: account('not-allowed-to-send'),
    source: HOSTERS,
  },

  // The server's greeting, and replies to EHLO.
  { at: CONNECT, status: /^421/, means: outage('service-unavailable'), source: RFC5321 },
  { at: CONNECT, status: /^45[02]/, means: throttled('deferred'), source: RFC5321 },
  { at: CONNECT, status: /^4/, code: /^4\.7\./, means: throttled('deferred'), source: RFC3463 },
  { at: CONNECT, status: /^4/, means: outage('temporary-failure'), source: RFC5321 },
  { at: CONNECT, status: /^5/, code: /^5\.7\./, means: account('client-refused'), source: RFC3463 },
  {
    at: CONNECT,
    status: /^55[04]/,
    text: /block|reputation|denied|reject|listed/i,
    means: account('client-refused'),
    source: RFC5321,
  },
  {
    at: ['connect'],
    status: /^(521|554|556)/,
    means: outage('no-mail-service'),
    source: cite('RFC 5321 section 3.1 and RFC 7504', '2026-11-23'),
  },
  { at: CONNECT, status: /^5/, means: outage('session'), source: RFC5321 },
  { at: ['starttls'], status: /^[45]/, means: outage('tls'), source: cite('RFC 3207 section 4', '2026-11-23') },

  // Replies about our identity: host, address and login.
  {
    at: AFTER_TLS,
    status: /^5(30|50|54)/,
    text: /starttls|\b(tls|encryption) (is )?required|must use (tls|encryption)|not (sent )?over (a )?tls/i,
    means: account('tls-required'),
    source: cite('RFC 3207 section 4', '2026-11-23'),
  },
  {
    at: BODY,
    status: /^530/,
    text: /(from|sender)\b.*not valid/i,
    means: sender('sender-refused'),
    source: cite('postalserver/postal#2088', '2026-11-28'),
  },
  { status: /^53[0458]/, means: account(AUTHENTICATION), source: RFC4954 },
  { status: /^5/, code: /^5\.7\.(8|57)$/, means: account(AUTHENTICATION), source: RFC4954 },
  { at: ['auth'], status: /^454/, means: throttled('authentication-deferred'), source: RFC4954 },
  { at: ['auth'], status: /^525/, means: account('client-refused'), source: BREVO },
  { at: ['auth'], status: /^50[0-4]/, means: outage('session'), source: RFC5321 },
  { at: ['auth'], status: /^5/, means: account(AUTHENTICATION), source: RFC4954 },
  // The recipient is restricted, for example a group that accepts mail only from its members.
  { at: ENVELOPE, status: /^5/, text: /RESOLVER\.RST/i, means: message('recipient-policy'), source: EXCHANGE },
  {
    at: ENVELOPE,
    status: /^5/,
    text: /\bauth command first|must authenticate|\bauth(entication)? (is )?required/i,
    means: account(AUTHENTICATION),
    source: cite('mailcow/mailcow#318, andrewdavey/postal#127, mguessan/davmail#59', '2026-11-29'),
  },
  {
    at: ENVELOPE,
    status: /^5/,
    code: /^5\.7\.(12[0-9]|13[0-9])$/,
    means: message('recipient-policy'),
    source: EXCHANGE,
  },
  {
    at: ENVELOPE,
    status: /^5/,
    text: /unauthenticated senders? (is |are )?not|(please|must|need to|have to) (first )?(authenticate|log ?in)|authenticat(e|ion) (is )?(first|required|failed|needed)|(smtp )?auth(entication)? (is )?required|client (was )?not authenticated|not (logged in|authenticated)\b|pop before smtp/i,
    means: account(AUTHENTICATION),
    source: BREVO,
  },

  // Replies about our From address or domain.
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /^(?!.*recipient address rejected).*(not (been |yet )?verified|failed the check in region|verified sender|sender (identity|signature)|unverified|validate your sender)/is,
    means: sender('identity-not-verified'),
    source: SES_TEXTS,
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /send ?as ?denied|unauthori[sz]ed sender|not allowed to send (as|from)|permissions? to send (as|on behalf)|not owned by user|(use|send (from|as)|using) (this|that) (sender|from|address|email)|relaying disallowed as|sender is not allowed|(your|this) (e-?mail )?(address|domain) is not allowed to send|unregistered domain|not authori[sz]ed to send (from|as|on behalf)|\b(from|sender)\b[^.;]{0,40}\b(must (match|be)|does ?n[o']t (match|belong))|domain (is )?not authori[sz]ed/i,
    means: sender('sender-refused'),
    source: EXCHANGE,
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /sending from (domain|address)?.*\bnot allowed|\bas a sender domain|not allowed in\W+header from|domain is not associated with your account/is,
    means: sender('sender-refused'),
    source: cite(
      'overleaf/overleaf#1290, PHPMailer/PHPMailer#304, the-djmaze/snappymail#478, useplunk/plunk#164',
      '2026-11-29',
    ),
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /sender address\b.*\bblocked using/i,
    means: sender('sender-refused'),
    source: cite('Postfix reject_rhsbl_sender', '2026-11-29'),
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    code: /^5\.(2\.252|7\.(60|750))$/,
    means: sender('sender-refused'),
    source: EXCHANGE,
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /(sender|from|return.?path|envelope.?from|mail from)( e-?mail)?( address| domain)?( <[^>]*>)?:? ?(is |was |has been )?(rejected|refused|denied|blocked|blacklisted|invalid|not (allowed|valid|permitted|accepted|recogni[sz]ed|found)|verify failed|does ?n[o']t (exist|resolve)|must)|invalid (sender|mail from|from)/i,
    means: sender('sender-refused'),
    source: POSTFIX,
  },
  { at: ENVELOPE, status: /^[45]/, code: /^[45]\.1\.[78]$/, means: sender('sender-refused'), source: RFC3463 },
  {
    at: ENVELOPE,
    status: /^5/,
    code: /^5\.7\.(2[0-4679]|30|509|515)$/,
    means: sender('domain-authentication'),
    source: cite('RFC 7372; 5.7.515 learn.microsoft.com', '2026-11-23'),
  },

  {
    at: ENVELOPE,
    status: /^5/,
    text: /\b(spoof\w*|forge(d|ry))\b/i,
    means: sender('sender-refused'),
    source: cite('community.mimecast.com/s/article/Mimecast-SMTP-Error-Codes', '2026-11-28'),
  },
  // SES refuses the message because of one of its recipients.
  {
    at: ENVELOPE,
    status: /^5/,
    text: /^(message rejected: )?address (is )?(blacklisted|(on (the|our|your) )?suppress\w*)/i,
    means: message('recipient-policy'),
    source: SES_TEXTS,
  },

  {
    at: ENVELOPE,
    status: /^55/,
    text: /\b(dmarc|dkim|spf)\b/i,
    means: sender('domain-authentication'),
    source: cite('RFC 7372 section 3', '2026-11-23'),
  },

  // Replies about our IP address and host name. Most of these rows match at any stage from MAIL FROM to the final dot, since
  // servers check the address and the name at different stages. If a link in the content is on a blocklist, the reply is about
  // the message, so these rows do not match.
  {
    at: AFTER_TLS,
    status: /^[45]/,
    text: /\b(helo|ehlo)\b/i,
    means: account('helo-rejected'),
    source: cite('Postfix reject_*_helo_*, symfony/symfony#52551, bitwarden/server#4062', '2026-11-28'),
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /reverse (dns|hostname|lookup|ip)|\br?dns ptr\b|\bptr (record|lookup)|\brdns\b|cannot find your|hostname.*(does not|not) (match|resolve|found)/i,
    means: account('client-refused'),
    source: GMAIL,
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /client host|unauthori[sz]ed ip|banned sending ip|(sending|your|this|that) (server'?s? )?(ip|host|mail server|network)\b|\bthe (ip|(sending|connecting|client|remote) (host|server))\b|\bip (address )?\[?[\da-f.:]*\]? ?(is |was |has been |you)|from your (ip|address|network|host)|(messages?|mail|e-?mail) from \[?\d|connections? (from|will not)|not allowed to connect|part of (their|your) network|ip reputation|poor reputation|traffic not accepted from/i,
    means: account('client-refused'),
    source: LISTED,
  },
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /^(?!.*\b(url|uri|link|attachment|content|body|recipient)s?\b).*(block(ed)? using|\b(spamhaus|spamcop|barracudacentral|sorbs|dnsbl|rbl)\b|(black|block|deny).?list|blackhole)|^(?!.*\b(this message|url|uri|link|attachment|content|body|recipient)s?\b).*(\[?\d+\.\d+\.\d+\.\d+\]?.*\b(blocked|listed|banned|rejected)|\b(blocked|banned|listed).*\[?\d+\.\d+\.\d+\.\d+)/is,
    means: account('client-refused'),
    source: LISTED,
  },
  {
    at: ENVELOPE,
    status: /^5/,
    code: /^5\.7\.(25|64|68|50[1236]|51[013]|6\d\d|7[0-4]\d)$/,
    means: account('client-refused'),
    source: EXCHANGE,
  },

  // Replies such as "Relay denied": the server does not know our host or login, or does not relay mail for us.
  {
    at: ENVELOPE,
    status: /^[45]/,
    text: /relay(ing|ed)?\b.*\b(den(y|ied)|not|disallow\w*|prohibit\w*|refus\w*|reject\w*|invalid|require\w*|forbidden)|(unable|not (allowed|permitted|authori[sz]ed)|do(es)? not|don't|can(no|')t|no|refus\w*|den(y|ied)|prohibit\w*|invalid) .*relay|rcpthosts|forwarding to remote|not (a )?local domain/is,
    means: account('relay-denied'),
    source: POSTFIX,
  },

  // Replies about temporary failures.
  { at: ENVELOPE, status: /^421/, code: /^4\.7\./, means: throttled('policy-deferral'), source: GMAIL },
  { status: /^421/, means: outage('service-unavailable'), source: RFC5321 },
  // These codes defer mail from our IP address to all recipients.
  {
    status: /^45/,
    code: /^4\.7\.[56]\d\d$/,
    means: throttled('policy-deferral'),
    source: cite('helpdesk.spamtitan.com 4000094185 and techcommunity.microsoft.com 2352675', '2026-11-29'),
  },
  {
    at: RCPT,
    status: /^45[01]/,
    code: /^4\.7\./,
    means: recipientBusy('greylisted'),
    source: cite('RFC 6647 section 4', '2026-11-23'),
  },
  { at: RCPT, status: /^45/, code: /^4\.5\.3$/, means: recipientBusy('too-many-recipients'), source: RFC3463 },
  { at: RCPT, status: /^45/, code: /^4\.[12]\./, means: recipientBusy('mailbox-busy'), source: RFC3463 },
  { status: /^45[24]/, code: /^4\.5\.3$/, means: throttled('too-many-recipients'), source: RFC3463 },
  { status: /^4/, code: /^4\.7\./, means: throttled('policy-deferral'), source: RFC3463 },
  { status: /^4/, code: /^4\.3\.2$/, means: throttled('deferred'), source: RFC3463 },
  { status: /^4/, code: /^4\.4\.5$/, means: throttled('congestion'), source: RFC3463 },
  { status: /^4/, code: /^4\.4\./, means: outage('routing'), source: RFC3463 },
  { at: RCPT, status: /^450/, means: recipientBusy('mailbox-busy'), source: RFC5321 },
  { status: /^450/, means: throttled('deferred'), source: RFC5321 },
  { status: /^451/, means: outage('local-error'), source: RFC5321 },
  { status: /^452/, means: throttled('insufficient-storage'), source: RFC5321 },
  { status: /^454/, means: throttled('deferred'), source: RFC5321 },
  { status: /^455/, means: outage('session'), source: RFC5321 },

  // 5xx replies that ask for a retry. They are no permanent failures.
  {
    at: RCPT,
    status: /^5/,
    code: /^(?!5\.1\.)/,
    text: AGAIN,
    means: recipientBusy('temporary-failure'),
    source: cite('jstedfast/MailKit#968', '2026-11-28'),
  },
  {
    status: /^5/,
    code: /^(?!5\.1\.)/,
    text: AGAIN,
    means: outage('temporary-failure'),
    source: cite('jstedfast/MailKit#968', '2026-11-28'),
  },

  // Replies about the message itself.
  { at: ENVELOPE, status: /^55/, code: /^5\.(3\.4|2\.3)$/, means: message('too-large'), source: RFC3463 },
  {
    at: ENVELOPE,
    status: /^55/,
    code: /^5\.6\.[79]$/,
    means: message('address-encoding'),
    source: cite('RFC 6531 section 3.4', '2026-11-23'),
  },
  {
    at: ['mail', 'data', 'end'],
    status: /^552/,
    code: /^(5\.[035]\.\d+)?$/,
    text: /size|large|big|long|bytes|storage|limit|exceed|maximum|space|^$/i,
    means: message('too-large'),
    source: cite('RFC 1870 section 6', '2026-11-23'),
  },
  {
    at: ['mail', 'data', 'end'],
    status: /^5/,
    text: /(message|mail|size|attachment)s? .*(too (large|big|long)|exceed\w* .*\bsize|size limit)|(exceed\w*|maximum) .*message size/i,
    means: message('too-large'),
    source: cite('RFC 1870 section 6', '2026-11-23'),
  },
  { at: MAIL, status: /^501/, means: sender('sender-syntax'), source: cite('RFC 5321 section 4.3.2', '2026-11-28') },
  { at: MAIL, status: /^55[0134]/, means: sender('sender-refused'), source: RFC5321 },
  { at: MAIL, status: /^5[25]/, means: outage('session'), source: RFC5321 },

  // The code x.4.6 (mail loop) is about this message. Any other code x.4.x is about the network. Exceptions are 5.4.1, 5.4.4 and
  // 5.4.310 with a text about the recipient or domain.
  { at: ENVELOPE, status: /^5/, code: /^5\.4\.6$/, means: message('routing-loop'), source: RFC3463 },
  {
    at: ENVELOPE,
    status: /^5/,
    text: /too many hops|mail(ing)? loop|routing loop/i,
    means: message('routing-loop'),
    source: RFC3463,
  },
  {
    at: RCPT,
    status: /^5/,
    code: /^5\.4\.1$/,
    text: /recipient address rejected/i,
    means: message('recipient-unknown'),
    source: EXCHANGE,
  },
  { at: ENVELOPE, status: /^541/, means: message('recipient-policy'), source: cite('smtp.codes/zoho', '2026-11-28') },
  {
    at: RCPT,
    status: /^5/,
    code: /^5\.4\.(4|310)$/,
    text: /\b(host|domain|name)\b.*(not (be )?found|not exist)|no such (host|domain)|invalid (host|domain)|unrouteable/i,
    means: message('recipient-domain'),
    source: RFC3463,
  },
  { at: ENVELOPE, status: /^5/, code: /^5\.4\.5$/, means: throttled('congestion'), source: RFC3463 },
  { at: ENVELOPE, status: /^5/, code: /^5\.4\./, means: outage('routing'), source: RFC3463 },
  {
    at: BODY,
    status: /^55/,
    text: /permanently rejected message/i,
    means: message('content'),
    source: cite('qmail-queue exit code 31', '2026-11-28'),
  },
  { at: ['mail', 'data', 'end'], status: /^5/, code: /^5\.3\.[0123]$/, means: outage('local-error'), source: RFC3463 },

  // Replies about one recipient.
  {
    at: RCPT,
    status: /^5/,
    text: /RESOLVER\.ADR\.\w*Recip\w*NotFound/i,
    means: message('recipient-unknown'),
    source: EXCHANGE,
  },
  {
    at: RCPT,
    status: /^5/,
    code: /^5\.1\.(2|10)$/,
    means: message('recipient-domain'),
    source: cite('RFC 3463, RFC 7505 (null MX)', '2026-11-23'),
  },
  { at: RCPT, status: /^5/, code: /^5\.1\.3$/, means: message('recipient-syntax'), source: RFC3463 },
  { at: RCPT, status: /^5/, code: /^5\.1\./, means: message('recipient-unknown'), source: RFC3463 },
  { at: RCPT, status: /^5/, code: /^5\.2\./, means: message('recipient-disabled'), source: RFC3463 },
  { at: RCPT, status: /^5/, code: /^5\.5\.3$/, means: recipientBusy('too-many-recipients'), source: RFC3463 },
  {
    at: RCPT,
    status: /^55/,
    code: /^5\.7\./,
    text: words(
      `^(?!.*${OF_US})|\\b(recipients?|users?|group|mailbox|to (this|that|the) (address|domain)|(message|mail) (was |has been )?rejected)\\b`,
    ),
    means: message('recipient-policy'),
    source: RFC3463,
  },
  { at: RCPT, status: /^(521|556)/, means: message('recipient-domain'), source: cite('RFC 7504', '2026-11-23') },
  { at: RCPT, status: /^551/, means: message('recipient-moved'), source: RFC5321 },
  {
    at: RCPT,
    status: /^552/,
    text: /not found|no such|disabled|unknown|does ?n[o']t exist/i,
    means: message('recipient-unknown'),
    source: cite('smtp.codes/yahoo; anonaddy/anonaddy#796', '2026-11-29'),
  },
  { at: RCPT, status: /^552/, means: recipientBusy('mailbox-full'), source: RFC5321 },
  {
    at: RCPT,
    status: /^55[0134]/,
    code: /^5\.3\.[0123]$/,
    text: /^(?!.*(user|mailbox|recipient|no such)).*/is,
    means: outage('local-error'),
    source: RFC3463,
  },
  // Syntax errors in the argument of RCPT TO, which are about the recipient.
  {
    at: RCPT,
    status: /^50[0-4]/,
    text: /recipient address|(bad|invalid) recipient/i,
    means: message('recipient-syntax'),
    source: POSTFIX,
  },
  {
    at: RCPT,
    status: /^(501|553)/,
    means: message('recipient-syntax'),
    source: cite('RFC 5321 sections 4.2.2 and 4.3.2; exercism/website#7525, jstedfast/MailKit#764', '2026-11-28'),
  },
  { at: RCPT, status: /^555/, text: /syntax/i, means: message('recipient-syntax'), source: GMAIL },
  {
    at: RCPT,
    status: /^55[04]/,
    text: /too many recipients/i,
    means: recipientBusy('too-many-recipients'),
    source: RFC5321,
  },
  {
    at: RCPT,
    status: /^55[034]/,
    code: /^(?!5\.7\.)/,
    text: /^(?!.*\b(your (?!message|e-?mail|mail)|sender|sending)\b).*(\b(users?|mailbox|recipients?|address(es)?|account|alias)\b|no such|unknown|unrouteable|does ?n[o']t exist|not (found|exist)|no mailbox|undeliverable)/is,
    means: message('recipient-unknown'),
    source: RFC5321,
  },

  // Replies about a wrong order of commands, or about too many wrong commands.
  {
    at: ENVELOPE,
    status: /^5/,
    text: /pipelin|synchroni[sz]ation error|(bad|out of) sequence|too many (unauthenticated|unknown|invalid|bad) commands/i,
    means: outage('session'),
    source: POSTFIX,
  },

  // Replies about the content of the message.
  {
    at: BODY,
    status: /^5/,
    text: /line (is )?too long|lines? .*longer than|bare (lf|line ?feed|newline)|unable to parse|(can(no|')t|not) (be )?parsed?|\bmalformed\b|syntax check|transaction failed: (duplicate|expected|missing|invalid|illegal|user ?name|local address|domain)|rfc ?(2|5)[38]22/i,
    means: message('format'),
    source: SES_TEXTS,
  },
  { at: BODY, status: /^55/, code: /^5\.6\./, means: message('content'), source: RFC3463 },
  { at: BODY, status: /^55/, code: /^5\.1\./, means: message('recipient-unknown'), source: RFC3463 },
  { at: BODY, status: /^55/, code: /^5\.2\.1$/, means: message('recipient-disabled'), source: RFC3463 },
  {
    at: BODY,
    status: /^55/,
    code: /^5\.7\.[01]$/,
    text: words(`^(?!.*${OF_US})(?!.*\\b(senders?|sending|users?\\b.*\\b(disabled|suspended|inactive))\\b)`),
    means: message('policy'),
    source: RFC3463,
  },
  // Some servers refuse a recipient only after the content: they pass the mail to an LMTP server, which checks the recipient
  // then.
  {
    at: BODY,
    status: /^55/,
    code: /^(?!5\.7\.)/,
    text: /^(?!.*\b(your (?!(message|e-?mail|mail)\b)|sender|sending)).*(\b(mailbox|recipient|user)\b.{0,60}\b(disabled|inactive|unknown|not (found|exist)|doesn't (exist|have))|\b(no such|unknown) (user|mailbox|recipient))/is,
    means: message('recipient-unknown'),
    source: cite('smtp.codes/yahoo, help.yahoo.com SLN3444', '2026-11-29'),
  },
  { at: BODY, status: /^554/, text: /no valid recipients/i, means: message('content'), source: POSTFIX },
  {
    at: BODY,
    status: /^55/,
    text: /\b(polic(y|ies)|spam|junk|unsolicited|virus|malware|phishing|infected|content|attachments?|headers?|links?|url|mime|bulk mail)\b|\b(this|your|the) (message|e-?mail|mail) (contains|violates|looks|appears|matches|is (suspicious|likely))|(message|mail) (has been |was |is )?(rejected|refused|blocked|discarded|not accepted)\W*$/i,
    means: message('content'),
    source: cite('replies of content filters in public reports', '2026-11-28'),
  },

  // Replies about the session and not about the mail. For example, 503 means a wrong order of commands, and 555 refuses a
  // parameter that the server has announced.
  { status: /^50[0-4]/, means: outage('session'), source: RFC5321 },
  { status: /^555/, means: outage('session'), source: RFC5321 },

  // Unknown replies. After an unknown 4xx as the reply to RCPT TO, the mail to this recipient waits. Any other unknown 4xx counts
  // as an outage. After an unknown 5xx, the mail goes to the next provider; this refusal does not count as a refusal of the
  // message.
  { at: RCPT, status: /^4/, means: recipientBusy('temporary-failure'), source: RFC5321 },
  { status: /^4/, means: outage('temporary-failure'), source: RFC5321 },
  { status: /^5/, means: UNRECOGNISED, source: RFC5321 },
];
