import type { SmtpStage } from '../../../../lambda/providers/smtp/facts.ts';

type Row = readonly [stage: SmtpStage, reply: string, meaning: string];

const list = (text: string) => text.split('|');
const each = (stage: SmtpStage, meaning: string, words: string, sentence: (word: string) => string): Row[] =>
  list(words).map((word) => [stage, sentence(word), meaning]);

const OFF = 'is|are|has been|have been|was|were|is being|is currently|is temporarily|has been permanently|is now';
const SHUT =
  'suspended|disabled|blocked|locked|restricted|closed|deactivated|terminated|frozen|inactive|on hold|under review|' +
  'not activated|not yet approved|not been enabled|never activated|not yet been enabled';

const QUOTA = 'unavailable account quota';
const PAID = 'unavailable account payment-required';
const PAUSED = 'unavailable account sending-paused';
const SHUT_ACCOUNT = 'unavailable account account-disabled';
const RESTRICTED = 'unavailable account account-restricted';
const LOGIN = 'unavailable account authentication';
const SENDER = 'unavailable sender sender-refused';
const UNVERIFIED = 'unavailable sender identity-not-verified';
const CLIENT = 'unavailable account client-refused';
const RELAY = 'unavailable account relay-denied';
const SESSION = 'throttled provider session-limit';
const BUSY = 'throttled provider concurrency';

/**
 * Wordings of SMTP refusals. Each row has one meaning, and lists the variants that servers use. The meaning is what the sentence
 * says; names and addresses are invented.
 */
export const WORDINGS: readonly Row[] = [
  // Refusals because our account is closed; the verb occurs in several tenses.
  ...each('end', SHUT_ACCOUNT, OFF, (is) => `550 Your account ${is} suspended`),
  ...each('rcpt', SHUT_ACCOUNT, SHUT, (shut) => `550 5.7.1 Your account is ${shut}`),
  ...each('end', SHUT_ACCOUNT, SHUT, (shut) => `554 The account has been ${shut}`),
  ...each('mail', SHUT_ACCOUNT, SHUT, (shut) => `551 Mail agent is ${shut}`),
  ...each('mail', SHUT_ACCOUNT, OFF, (is) => `551 Mail agent ${is} disabled`),
  ...each(
    'rcpt',
    SHUT_ACCOUNT,
    "sender|senders|sender's|SMTP|SASL|Mailgun|This sending",
    (whose) => `550 ${whose} account suspended`,
  ),
  ...each('rcpt', SHUT_ACCOUNT, 'SMTP|e-mail|email|user|sending|mail', (kind) => `550 Your ${kind} account is locked`),
  ...each('end', 'unavailable account domain-disabled', OFF, (is) => `550 Domain example.com ${is} disabled`),
  ...each(
    'end',
    'unavailable account domain-disabled',
    'suspended|disabled|blocked|locked|deactivated',
    (shut) => `550 Domain ${shut}`,
  ),
  ...each('end', PAUSED, OFF, (is) => `550 Sending ${is} suspended`),
  ...each(
    'end',
    PAUSED,
    'suspended|paused|disabled|blocked|not enabled|not activated|not permitted',
    (shut) => `550 Sending is ${shut}`,
  ),
  ...each(
    'end',
    PAUSED,
    'Sending|Submission|Outgoing mail|Outbound e-mail|SMTP access|SMTP service|Outgoing email',
    (what) => `550 ${what} is disabled`,
  ),
  ...each('rcpt', PAUSED, 'from|for', (from) => `550 Sending mail ${from} example.com is disabled`),
  ['end', '554 5.1.8 Email outgoing blocked', PAUSED],
  ...each(
    'end',
    'unavailable account configuration-missing',
    "does not exist|doesn't exist|not found",
    (gone) => `554 Configuration set news ${gone}`,
  ),
  ...each(
    'end',
    RESTRICTED,
    'Unusual sending activity|Unusual behaviour|Unusual behavior|Unusual activity|Suspicious activity|Suspicious sending activity|OutboundSpam|Outbound spam|Bad outbound sender',
    (what) => `550 ${what} detected`,
  ),
  ...each(
    'end',
    RESTRICTED,
    'Too much junk from your account|Too much junk from this account|Account may be compromised|Your tenant has exceeded a threshold|You are restricted from sending|You are blocked from sending|You are banned from sending|You are barred from sending|Spam abuse detected',
    (what) => `550 ${what}`,
  ),
  ['end', '554 User arn is not authorized to perform ses:SendRawEmail', 'unavailable account access-denied'],
  ['end', '554 User arn is not authorised to perform it', 'unavailable account access-denied'],
  ['rcpt', '554 Refused with an explicit deny', 'unavailable account access-denied'],
  ...each(
    'mail',
    'unavailable account access-denied',
    'authorized|authorised',
    (word) => `550 The user is not ${word}`,
  ),
  ...each(
    'rcpt',
    'unavailable account not-allowed-to-send',
    'You are|Your account is|Your mailbox is|This user is|The account shop is',
    (who) => `550 ${who} not allowed to send`,
  ),
  ...each(
    'rcpt',
    'unavailable account not-allowed-to-send',
    'allowed|permitted|authorized|authorised|enabled',
    (word) => `550 You are not ${word} to send mail`,
  ),
  ['rcpt', '550 You are not allowed to send to external recipients', 'unavailable account not-allowed-to-send'],
  ['mail', '421 Domain example.com is not allowed to send', 'unavailable account not-allowed-to-send'],
  ['mail', '421 The domain is not allowed to send: probation', 'unavailable account not-allowed-to-send'],
  ['mail', '450 The account is on probation', 'unavailable account not-allowed-to-send'],

  // Refusals because of billing: the plan does not include SMTP, or the account is not paid for.
  ...each(
    'mail',
    PAID,
    "does not include|doesn't allow|does not permit|does not support",
    (no) => `550 Your plan ${no} SMTP`,
  ),
  ...each(
    'mail',
    PAID,
    'Your trial period is|Your subscription has|The plan was|The license is|The licence is',
    (what) => `550 ${what} expired`,
  ),
  ...each('mail', PAID, 'expired|ended|over|not active|inactive', (end) => `550 Your trial is ${end}`),
  ...each(
    'mail',
    PAID,
    'Upgrade your plan|Upgrade the account|Upgrade to a paid subscription|Insufficient funds|Insufficient balance|Unpaid invoice|Unpaid bill|Billing problem|Billing issue',
    (what) => `550 ${what}`,
  ),
  ...each('mail', QUOTA, 'exceeded|exhausted|expired|blocked|used', (end) => `550 Credits ${end}`),
  ...each('mail', QUOTA, 'are|have been|is|has been', (is) => `550 Credit limit ${is} exhausted`),
  ...each(
    'mail',
    QUOTA,
    'No credits|Out of credits|Insufficient credit|Maximum credits|Payment required',
    (what) => `550 ${what}`,
  ),

  // The quota of an hour, a day or a month is used up.
  ...each(
    'end',
    QUOTA,
    'today|this hour|this day|this month|per day|per hour|per month',
    (time) => `550 Too many mails ${time}`,
  ),
  ...each(
    'end',
    QUOTA,
    'Too many recipients|The maximum number of recipients|The max number of recipients|You reached the recipients|You exceeded the recipients|You have sent too many',
    (what) => `550 ${what} today`,
  ),
  ['end', '550 Sent too many', QUOTA],
  ...each('end', QUOTA, 'Daily|Day|Hourly|Hour|24 hour|24-hour|Monthly|Month', (time) => `550 ${time} limit`),
  ...each(
    'end',
    QUOTA,
    'Quota|Limit|Messages|Message|E-mails|Emails|Mails|Recipients',
    (what) => `550 ${what} per day`,
  ),
  ...each('end', QUOTA, 'day|hour|month', (time) => `550 500 messages per ${time}`),
  ['end', '554 5.2.0 SubmissionQuotaExceeded', QUOTA],
  ...each(
    'end',
    QUOTA,
    'Sending|Send|Message|Mail|E-mail|Outgoing|Outbound|Outmail|Relay|Plan|Account|SMTP|SMTP sending',
    (what) => `550 ${what} quota reached`,
  ),
  ...each('end', QUOTA, 'exceeded|reached|hit|exhausted', (end) => `550 Mail limits ${end}`),
  ...each('end', QUOTA, OFF, (is) => `550 Mail quota ${is} exhausted`),
  ...each('end', QUOTA, 'Sending|Send|Sender|Outgoing|Outbound|Submission', (what) => `550 ${what} limit`),
  ['end', '554 5.7.1 Reached address outgoing limits for a', QUOTA],
  ...each('end', QUOTA, 'on|of|for', (of) => `550 The limit ${of} your mails was reached`),
  ['end', '550 The limit of your mails was exceeded', QUOTA],
  ...each(
    'end',
    QUOTA,
    'exceeded the|reached your|hit its|used up your|exceeded max',
    (verb) => `550 You ${verb} allowance, a limit`,
  ),
  ...each('end', QUOTA, 'quota|limit|mails per hour|mails per day', (what) => `550 You reached the ${what}`),
  ['end', '550 Domain has max defers and failures (5/5)', QUOTA],
  ...each(
    'end',
    QUOTA,
    'in an hour|per hour|within a day|in the month|in one day|within 24 hours|in 2 days',
    (time) => `550 Exceeded allowed mails ${time}`,
  ),
  ['end', '550 Exceeded the maximum of mails in an hour', QUOTA],

  // Limits on rates, sessions and connections.
  ...each(
    'mail',
    'throttled provider rate-limit',
    'requests-per-sec|request-per-min|Peak SMTP relay limit|Rate limit|Rate-limit|Sending too fast|Slow down|Too many messages|Too many emails|Too many e-mails|Too many mails|Maximum sending rate exceeded|3 messages per second|Throttling failure: Maximum',
    (what) => `454 ${what}`,
  ),
  ...each(
    'mail',
    'throttled provider rate-limit',
    'much mail|many recipients|many new TLS sessions|many AUTH commands',
    (what) => `450 4.7.1 Error: too ${what} from 192.0.2.1`,
  ),
  ...each(
    'mail',
    QUOTA,
    'hourly|daily|monthly|per hour|per day|per month',
    (time) => `450 Rate limit of mails ${time} quota`,
  ),
  ...each(
    'mail',
    SESSION,
    'Messages|Message|Mails|Recipients|Transactions|Transaction',
    (what) => `451 ${what} per session`,
  ),
  ...each(
    'mail',
    SESSION,
    'per session|per connection|in this session|in one connection|in a session|in your session|per SMTP session',
    (time) => `451 Three mails ${time}`,
  ),
  ...each(
    'mail',
    SESSION,
    'Session limit|Connection limit|Session message limit|Connection message limit',
    (what) => `451 ${what}`,
  ),
  ...each(
    'mail',
    BUSY,
    'Thread limit|Too frequent connects|Too many connections|Too many sessions|Too many concurrent connections|Too many simultaneous sessions|Too many open connections|Too many concurrent SMTP connections|Concurrent connections|Concurrent SMTP sessions',
    (what) => `421 ${what}`,
  ),
  ['end', '432 4.3.2 x', BUSY],
  ['auth', '432 4.7.12 A password transition is needed', LOGIN],
  [
    'rcpt',
    '451 4.3.0 Multiple destination domains per transaction is unsupported',
    'throttled recipient too-many-recipients',
  ],
  ['rcpt', '550 Try this recipient in a separate transaction', 'throttled recipient too-many-recipients'],
  ...each(
    'rcpt',
    'throttled recipient recipient-rate',
    'The user is receiving mail too quickly|The user is receiving mail at a rate that is too high|Recipient thread limit exceeded|Receive limit exceeded',
    (what) => `450 ${what}`,
  ),
  ...each(
    'rcpt',
    'throttled recipient greylisted',
    'Greylisted|Graylisted|Grey-listed|Gray list',
    (what) => `451 ${what}`,
  ),
  ...each(
    'end',
    'throttled provider policy-deferral',
    'temporarily deferred|deferred due to load',
    (what) => `451 Mail ${what}`,
  ),

  // A mailbox that is full.
  ...each(
    'end',
    'throttled recipient mailbox-full',
    'Mailbox full|Mailbox is full|Mailbox over quota|Mailbox is over its limit',
    (what) => `550 ${what}`,
  ),
  ...each(
    'rcpt',
    'throttled recipient mailbox-full',
    'The mailbox of Ada is full|Over quota|Quota exceeded|Quota is exceeded',
    (what) => `552 ${what}`,
  ),
  ['end', '552 5.2.2 x', 'throttled recipient mailbox-full'],
  ['end', '452 4.2.2 x', 'throttled recipient mailbox-full'],
  ...each('end', QUOTA, 'Submission|Sending', (what) => `554 5.2.2 ${what} quota of the user`),

  // Failures at the greeting, EHLO, TLS and login.
  ['connect', '421 busy', 'unavailable outage service-unavailable'],
  ['connect', '450 later', 'throttled provider deferred'],
  ['connect', '452 later', 'throttled provider deferred'],
  ['connect', '454 4.7.0 later', 'throttled provider deferred'],
  ['connect', '451 x', 'unavailable outage temporary-failure'],
  ['ehlo', '550 5.7.1 x', CLIENT],
  ...each('connect', CLIENT, 'blocked|bad reputation|denied|rejected|listed', (what) => `554 ${what}`),
  ...each('connect', 'unavailable outage no-mail-service', '521|554|556', (code) => `${code} x`),
  ['ehlo', '501 x', 'unavailable outage session'],
  ['starttls', '454 x', 'unavailable outage tls'],
  ['starttls', '501 x', 'unavailable outage tls'],
  ...each(
    'mail',
    'unavailable account tls-required',
    'Must issue a STARTTLS command|TLS required|TLS is required|Encryption required|Must use TLS|Must use encryption|Not over TLS|Not sent over a TLS connection',
    (what) => `554 ${what}`,
  ),
  ['end', '530 From address is not valid', SENDER],
  ['end', '530 Sender is not valid', SENDER],
  ...each('mail', LOGIN, '530|534|535|538', (code) => `${code} x`),
  ...each('end', LOGIN, '5.7.8|5.7.57', (status) => `550 ${status} x`),
  ['auth', '454 x', 'throttled provider authentication-deferred'],
  ['auth', '525 x', CLIENT],
  ['auth', '504 x', 'unavailable outage session'],
  ['auth', '550 x', LOGIN],
  ...each(
    'mail',
    LOGIN,
    'Unauthenticated senders are not allowed|Unauthenticated sender not allowed|Please authenticate|You must authenticate|You need to log in|You have to login first|Authenticate first|Authentication is required|Authentication failed|Authentication needed|SMTP auth required|Auth is required|Client was not authenticated|Client not authenticated|Not logged in|You are not authenticated|POP before SMTP',
    (what) => `550 ${what}`,
  ),

  // Refusals of the sender's address or domain.
  ...each(
    'mail',
    UNVERIFIED,
    'Not verified|Not yet verified|Has not been verified|It failed the check in region EU|No verified sender|Unknown sender identity|Unknown sender signature|Unverified|Validate your sender',
    (what) => `550 ${what}`,
  ),
  ...each(
    'end',
    SENDER,
    "SendAsDenied|Send as denied|Unauthorized sender|Unauthorised sender|Not allowed to send as a|Not allowed to send from a|No permission to send as a|No permissions to send on behalf|Address not owned by user|You may not use this sender|You may not send from that address|You may not send as this email|Using that from|Relaying disallowed as a|Sender is not allowed to relay|Your e-mail address is not allowed to send|This domain is not allowed to send|Unregistered domain|Not authorized to send from a|Not authorised to send as a|Not authorized to send on behalf|From address must match|Sender must be known|From does not match|Sender doesn't belong to you|Domain is not authorized|Domain not authorised",
    (what) => `550 ${what}`,
  ),
  ...each('end', SENDER, '5.2.252|5.7.60|5.7.750', (status) => `554 ${status} x`),
  ...each(
    'mail',
    SENDER,
    'Sender|From|Return-path|Envelope-from|Mail from|Sender address|Sender domain|Sender e-mail|Sender email address',
    (what) => `550 ${what} rejected`,
  ),
  ...each(
    'mail',
    SENDER,
    "rejected|refused|denied|blocked|blacklisted|invalid|not allowed|not valid|not permitted|not accepted|not recognized|not recognised|not found|verify failed|does not exist|doesn't resolve|must exist",
    (what) => `451 Sender ${what}`,
  ),
  ...each('mail', SENDER, 'is|was|has been', (is) => `451 Sender address <a@example.com>: ${is} rejected`),
  ...each('mail', SENDER, 'sender|mail from|from', (what) => `451 Invalid ${what}`),
  ...each('mail', SENDER, '4.1.7|4.1.8', (status) => `451 ${status} x`),
  ...each('end', SENDER, '5.1.7|5.1.8', (status) => `551 ${status} x`),
  ['mail', '501 x', 'unavailable sender sender-syntax'],
  ...each('mail', SENDER, '550|551|553|554', (code) => `${code} x`),
  ...each('mail', 'unavailable outage session', '521 x|555 x', (reply) => reply),

  ...each('end', SENDER, 'spoofed|spoofing|forged|forgery', (what) => `550 It is ${what}`),
  ...each(
    'end',
    'unavailable sender domain-authentication',
    '5.7.20|5.7.21|5.7.22|5.7.23|5.7.24|5.7.26|5.7.27|5.7.29|5.7.30|5.7.509|5.7.515',
    (status) => `550 ${status} x`,
  ),
  ...each('end', 'unavailable sender domain-authentication', 'DMARC|DKIM|SPF', (what) => `550 ${what}`),
  ...each(
    'end',
    'refused message recipient-policy',
    'Address blacklisted|Address is blacklisted|Message rejected: Address on the suppression list|Address is on our suppression list|Address on your suppression list|Address suppressed',
    (what) => `554 ${what}`,
  ),

  // Refusals of our host: its name or its IP address.
  ...each('rcpt', 'unavailable account helo-rejected', 'HELO|EHLO', (what) => `450 ${what}`),
  ...each(
    'rcpt',
    CLIENT,
    'No reverse DNS|No reverse hostname|A reverse lookup failed|No reverse IP|rDNS PTR missing|DNS PTR missing|No PTR record|PTR lookup failed|No rDNS|Cannot find your name|Hostname does not match|Hostname cannot resolve, not found|Hostname was not resolved',
    (what) => `550 ${what}`,
  ),
  ...each(
    'rcpt',
    CLIENT,
    "Client host x|Unauthorized IP|Unauthorised IP|Banned sending IP|Sending IP x|Your host x|This IP x|That mail server x|Your network x|Your server's IP x|Your servers IP x|The IP x|The sending host x|The connecting server x|The client host x|The remote server x|IP 192.0.2.1 is x|IP address 192.0.2.1 was x|IP [192.0.2.1] has been x|IP you use|x from your IP|x from your address|x from your network|x from your host|Messages from 192.0.2.1|Mail from [192.0.2.1]|E-mail from 192.0.2.1|Connections from there|Connection will not do|Not allowed to connect|Part of their network|Part of your network|Low IP reputation|Poor reputation|Traffic not accepted from there",
    (what) => `550 ${what}`,
  ),
  ...each(
    'end',
    CLIENT,
    'blocked using x|block using x|at Spamhaus|at SpamCop|at barracudacentral|at SORBS|in a DNSBL|in an RBL|in a blacklist|in a black list|in a blocklist|in a denylist|in a blackhole',
    (what) => `554 It is ${what}`,
  ),
  ...each('end', CLIENT, 'blocked|listed|banned|rejected', (what) => `554 [192.0.2.1] ${what}`),
  ...each('end', CLIENT, 'blocked|listed|banned', (what) => `554 ${what}: 192.0.2.1`),
  ...each(
    'end',
    CLIENT,
    '5.7.25|5.7.64|5.7.68|5.7.501|5.7.506|5.7.511|5.7.513|5.7.606|5.7.708',
    (status) => `550 ${status} x`,
  ),
  // A part of the message, or the recipient, is on a blocklist. Such a refusal is not about our server.
  ...each(
    'end',
    'refused message content',
    'URL|link|links|attachment|attachments|content',
    (what) => `554 The ${what} is at Spamhaus`,
  ),
  ...each(
    'end',
    'refused message content',
    'URL|link|links|attachment|attachments|content',
    (what) => `554 The ${what} was banned by 192.0.2.1`,
  ),
  ...each('end', 'unrecognised', 'URI|body|recipient', (what) => `554 The ${what} is at Spamhaus`),
  ...each(
    'end',
    'unrecognised',
    'URI|body|recipient|this message',
    (what) => `554 The ${what} was banned by 192.0.2.1`,
  ),

  // A reply 5.7.1 without further text may be about our server. Therefore it does not count as a refusal of the message.
  ...(['rcpt', 'end'] as const).flatMap((stage) =>
    each(
      stage,
      'unrecognised',
      'access|account|accounts|client|clients|customer|customers|license|licence|organization|organisations|service|services|server|servers|subscription|tenant|tenants|host|hosts|you|your thing',
      (what) => `550 5.7.1 x ${what} x`,
    ),
  ),
  ...each(
    'end',
    'refused message policy',
    'your message|your e-mail|your email|your mail',
    (what) => `550 5.7.1 x ${what} x`,
  ),
  ...each(
    'rcpt',
    'refused message recipient-policy',
    'your message|your e-mail|your email|your mail',
    (what) => `550 5.7.1 x ${what} x`,
  ),
  ...each(
    'rcpt',
    'refused message recipient-policy',
    'recipient|recipients|user|users|group|mailbox|to this address|to that domain|to the domain|message rejected|message was rejected|mail has been rejected',
    (what) => `550 5.7.1 x ${what} at your service`,
  ),
  ...each('rcpt', 'unrecognised', 'your thing|sending', (what) => `550 x ${what}: user`),

  // The server does not relay mail for us.
  ...each(
    'rcpt',
    RELAY,
    "Relay denied|Relaying not allowed|Relaying disallowed|Relay prohibited|Relay refused|Relayed mail rejected|Relay invalid|Relay requires more|Relaying forbidden|Relay access deny|Unable to relay|Not allowed to relay|Not permitted to relay|Not authorized to relay|Not authorised to relay|Do not relay|We don't relay|It does not relay|Can't relay|Cannot relay|No relay|Refusing to relay|Denied relay|Deny relay|Prohibited to relay|Invalid relay|Not in my list of allowed rcpthosts|Forwarding to remote hosts disabled|Not local domain|Not a local domain",
    (what) => `550 ${what}`,
  ),

  // Temporary failures, recognised by the code alone.
  ['rcpt', '421 4.7.0 x', 'throttled provider policy-deferral'],
  ['mail', '421 x', 'unavailable outage service-unavailable'],
  ['rcpt', '450 4.7.1 x', 'throttled recipient greylisted'],
  ['rcpt', '451 4.7.1 x', 'throttled recipient greylisted'],
  ['rcpt', '452 4.5.3 x', 'throttled recipient too-many-recipients'],
  ...each('rcpt', 'throttled recipient mailbox-busy', '450 4.2.1 x|451 4.1.8|450 x', (reply) =>
    reply.endsWith('8') ? '450 4.2.0 x' : reply,
  ),
  ...each('end', 'throttled provider too-many-recipients', '452|454', (code) => `${code} 4.5.3 x`),
  ['end', '452 4.3.1 x', 'throttled provider insufficient-storage'],
  ['end', '453 4.7.1 x', 'throttled provider policy-deferral'],
  ['end', '453 4.3.2 x', 'throttled provider deferred'],
  ['end', '451 4.3.0 x', 'unavailable outage local-error'],
  ['end', '453 4.4.5 x', 'throttled provider congestion'],
  ['end', '453 4.4.1 x', 'unavailable outage routing'],
  ['end', '450 x', 'throttled provider deferred'],
  ['end', '451 x', 'unavailable outage local-error'],
  ['end', '452 x', 'throttled provider insufficient-storage'],
  ['end', '454 x', 'throttled provider deferred'],
  ['end', '455 x', 'unavailable outage session'],
  ['rcpt', '453 x', 'throttled recipient temporary-failure'],
  ['end', '453 x', 'unavailable outage temporary-failure'],
  ...each(
    'rcpt',
    'throttled recipient temporary-failure',
    'try later|try again later|retry in 5 minutes|try after an hour|temporarily unavailable|temporary failure|temporarily refused|temporarily delayed|temporary error|temporary problem',
    (what) => `554 x: ${what}`,
  ),
  ['end', '554 x: try again later', 'unavailable outage temporary-failure'],

  // Refusals of the message itself.
  ...each('end', 'refused message too-large', '5.3.4|5.2.3', (status) => `554 ${status} x`),
  ...each(
    'end',
    'refused message too-large',
    'size|large|big|long|bytes|storage|limit|exceeded|maximum|space',
    (what) => `552 ${what}`,
  ),
  ['end', '552', 'refused message too-large'],
  ...each(
    'end',
    'refused message too-large',
    'Message too large|Mail is too big|Size too long|Attachments exceed the size|Message size limit|It exceeds the message size|Maximum message size',
    (what) => `554 ${what}`,
  ),
  ...each('rcpt', 'refused message address-encoding', '5.6.7|5.6.9', (status) => `553 ${status} x`),
  ['end', '554 5.4.6 x', 'refused message routing-loop'],
  ...each(
    'end',
    'refused message routing-loop',
    'Too many hops|Mail loop|Mailing loop|Routing loop',
    (what) => `554 ${what}`,
  ),
  ['rcpt', '550 5.4.1 Recipient address rejected', 'refused message recipient-unknown'],
  ['rcpt', '541 x', 'refused message recipient-policy'],
  ...each(
    'rcpt',
    'refused message recipient-domain',
    'Host not found|Domain does not exist|Name could not be found|No such host|No such domain|Invalid host|Invalid domain|Unrouteable',
    (what) => `550 5.4.4 ${what}`,
  ),
  ['end', '554 5.4.5 x', 'throttled provider congestion'],
  ['end', '554 5.4.1 x', 'unavailable outage routing'],
  ['end', '554 mail server permanently rejected message (#5.3.0)', 'refused message content'],
  ['end', '554 5.3.0 x', 'unavailable outage local-error'],
  ['end', '550 RESOLVER.RST.AuthRequired; x', 'refused message recipient-policy'],
  ...each('rcpt', 'refused message recipient-policy', '5.7.124|5.7.133', (status) => `550 ${status} Your account x`),

  // Refusals of one recipient, recognised by the code alone.
  ['rcpt', '550 5.1.6 x', 'refused message recipient-unknown'],
  ['rcpt', '550 5.1.2 x', 'refused message recipient-domain'],
  ['rcpt', '550 5.1.10 x', 'refused message recipient-domain'],
  ['rcpt', '550 5.1.3 x', 'refused message recipient-syntax'],
  ['rcpt', '559 5.1.4 x', 'refused message recipient-unknown'],
  ['rcpt', '559 5.2.1 x', 'refused message recipient-disabled'],
  ['rcpt', '559 5.5.3 x', 'throttled recipient too-many-recipients'],
  ['rcpt', '521 x', 'refused message recipient-domain'],
  ['rcpt', '556 x', 'refused message recipient-domain'],
  ['rcpt', '551 x', 'refused message recipient-moved'],
  ['rcpt', '552 x', 'throttled recipient mailbox-full'],
  ['rcpt', '550 5.3.2 x', 'unavailable outage local-error'],
  ...each(
    'rcpt',
    'refused message recipient-syntax',
    '504 Recipient address odd|502 Bad recipient|500 Invalid recipient|501 x|553 x|555 syntax',
    (reply) => reply,
  ),
  ['rcpt', '554 Too many recipients', 'throttled recipient too-many-recipients'],
  ...each(
    'rcpt',
    'refused message recipient-unknown',
    "User|Users|Mailbox|Recipient|Recipients|Address|Addresses|Account|Alias|No such thing|Unknown|Unrouteable|It doesn't exist|It does not exist|Not found|Not existing|No mailbox|Undeliverable",
    (what) => `550 ${what}`,
  ),

  // Errors in the order of commands, and in the content of the message.
  ...each(
    'data',
    'unavailable outage session',
    'pipelining|synchronization error|synchronisation error|bad sequence|out of sequence|too many unauthenticated commands|too many unknown commands|too many invalid commands|too many bad commands',
    (what) => `554 ${what}`,
  ),
  ...each(
    'end',
    'refused message format',
    "Line is too long|Line too long|Lines longer than 998|Bare LF|Bare line feed|Bare newline|Unable to parse|Cannot be parsed|Can't parse|Could not be parsed|Malformed|Syntax check failed|Transaction failed: Duplicate header|Transaction failed: Expected ;|Transaction failed: Missing x|Transaction failed: Invalid x|Transaction failed: Illegal x|Transaction failed: User name x|Transaction failed: Local address x|Transaction failed: Domain x|RFC 2822|RFC5322",
    (what) => `554 ${what}`,
  ),
  ['end', '554 5.6.0 x', 'refused message content'],
  ['end', '554 5.1.1 x', 'refused message recipient-unknown'],
  ['end', '554 5.2.1 x', 'refused message recipient-disabled'],
  ['end', '554 5.7.0 x', 'refused message policy'],
  ['end', '554 no valid recipients', 'refused message content'],
  ...each(
    'end',
    'refused message content',
    'policy|policies|spam|junk|unsolicited|virus|malware|phishing|infected|content|attachment|attachments|header|headers|link|links|url|mime|bulk mail',
    (what) => `554 ${what}`,
  ),
  ...each(
    'end',
    'refused message content',
    'This message|Your e-mail|The mail|Your email',
    (what) => `554 ${what} contains x`,
  ),
  ...each(
    'end',
    'refused message content',
    'contains x|violates x|looks x|appears x|matches x|is suspicious|is likely x',
    (what) => `554 This message ${what}`,
  ),
  ...each(
    'end',
    'refused message content',
    'rejected|refused|blocked|discarded|not accepted',
    (what) => `554 Message ${what}`,
  ),
  ...each('end', 'refused message content', 'has been|was|is', (is) => `554 mail ${is} rejected.`),
  ['end', '500 x', 'unavailable outage session'],
  ['end', '555 x', 'unavailable outage session'],
  ['end', '559 x', 'unrecognised'],
];
