import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judge } from '../../lambda/circuit/verdict.ts';
import type { Outcome } from '../../lambda/mail/outcome.ts';
import { classify as classifySes } from '../../lambda/providers/ses/classify.ts';
import { classifyFailure, classifyReply } from '../../lambda/providers/smtp/classify.ts';
import type { SmtpStage } from '../../lambda/providers/smtp/facts.ts';

/** An answer of a provider to one mail, and the readings of it that are right: quoted from public reports. */
interface Reply {
  readonly id: string;
  readonly provider: 'ses' | 'smtp';
  readonly stage?: SmtpStage;
  readonly reply?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly message: string };
  readonly right: readonly { readonly kind?: string; readonly blames?: string }[];
  readonly reasonNot?: readonly string[];
  /** The circuit opens at once. */
  readonly opens?: true;
  readonly why: string;
  readonly source: string;
}

const file = new URL('../fixtures/outbound/replies.json', import.meta.url);
const replies: readonly Reply[] = JSON.parse(readFileSync(file, 'utf8'));

describe('answers that public reports quote', () => {
  it.each(replies.map((reply) => [reply.id, reply] as const))('%s', (_, reply) => {
    const outcome = read(reply);

    const fits = reply.right.some(({ kind = outcome.kind, blames }) => {
      return kind === outcome.kind && (blames === undefined || ('blames' in outcome && outcome.blames === blames));
    });
    expect(fits, `${JSON.stringify(outcome)}: ${reply.why}`).toBe(true);
    for (const wrong of reply.reasonNot ?? []) expect(outcome).not.toHaveProperty('reason', wrong);
    if (reply.opens) expect(judge([outcome]).kind).toBe('account-refused');
  });
});

/** Siblings of those answers, from the documentation and the reports that the rows of the tables name. */
const SIBLINGS: readonly (readonly [SmtpStage, string, string])[] = [
  // Quotas of the day and the hour.
  ['end', '550 5.4.5 Daily SMTP relay sending limit exceeded for customer. - gsmtp', 'unavailable account'],
  ['rcpt', '550 5.7.1 Email quota exceeded. - gsmtp', 'unavailable account'],
  ['mail', '454 Throttling failure: Daily message quota exceeded', 'unavailable account'],
  [
    'end',
    '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message',
    'unavailable account',
  ],
  [
    'end',
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    'unavailable account',
  ],
  ['rcpt', '450 Mail send limit exceeded.', 'unavailable account'],
  [
    'end',
    '550 Domain example.com has exceeded the max emails per hour (500/500 (100%)) allowed. Message discarded.',
    'unavailable account',
  ],
  [
    'rcpt',
    '550 Domain example.com has exceeded the max defers and failures per hour (5/5 (100%)) allowed.',
    'unavailable account',
  ],
  ['end', '550 5.7.1 Your mail limit has been reached.', 'unavailable account'],
  [
    'rcpt',
    '554 5.7.1 <ada@example.org>: Recipient address rejected: You have exceeded your Outmail quota.',
    'unavailable account',
  ],
  ['rcpt', '550 "Daily limit has been exceeded for shop@example.com"', 'unavailable account'],
  ['mail', '452 4.5.3 Daily message limit exceeded', 'unavailable account'],
  [
    'mail',
    '554 5.7.0 The limit on the number of allowed outgoing messages was exceeded. Try again later.',
    'unavailable account',
  ],
  ['end', '550 5.7.1 Sending limit: you have exceeded 500 messages', 'unavailable account'],
  ['rcpt', '550 You have sent too many emails today', 'unavailable account'],
  ['rcpt', '550 5.7.1 Sender quota exceeded', 'unavailable account'],
  ['end', '552 5.2.2 Sending quota exceeded', 'unavailable account'],
  ['end', '550 5.7.232 Your trial tenant has exceeded its daily limit for external recipients', 'unavailable account'],
  // Suspended, blocked, not approved, no credit.
  ['end', '554 Message rejected: Sending suspended for this account.', 'unavailable account'],
  ['mail', '502 5.7.0 Your SMTP account is not yet activated. Contact us to request activation', 'unavailable account'],
  ['auth', '451 Authentication failed: Maximum credits exceeded', 'unavailable account'],
  ['mail', '554 5.1.8 Email Outgoing Blocked', 'unavailable account'],
  ['end', '550 5.4.6 Unusual sending activity detected. Please try after sometime', 'unavailable account'],
  ['end', '550 5.1.8 Access denied, bad outbound sender. AS(42004)', 'unavailable account'],
  ['end', '550 5.7.705 Access denied, tenant has exceeded threshold. AS(901)', 'unavailable account'],
  [
    'end',
    '554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; WASCL UserAction verdict is Refuse',
    'unavailable account',
  ],
  ['mail', '550 5.7.501 Access denied, spam abuse detected from this tenant', 'unavailable account'],
  // Rights and login.
  ['mail', '550 Unauthenticated senders not allowed', 'unavailable account'],
  ['mail', '502 5.7.0 Please authenticate first', 'unavailable account'],
  ['auth', '525 5.7.1 Unauthorized IP address', 'unavailable account'],
  ['end', '550 Authenticated user is not authorized to send mail', 'unavailable account'],
  ['mail', '530 5.7.57 Client not authenticated to send mail.', 'unavailable account'],
  ['mail', '550 that IP address is not allowed to send', 'unavailable account'],
  ['end', '554 Access denied: User `arn:aws:iam::1:user/x` is not authorized', 'unavailable account'],
  ['rcpt', '554 5.7.1 You are not allowed to connect.', 'unavailable account'],
  // Relay.
  ['rcpt', '550 5.7.1 Relaying denied', 'unavailable account'],
  ['rcpt', '553 Relaying disallowed', 'unavailable account'],
  ['rcpt', "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", 'unavailable account'],
  ['rcpt', '550 5.7.64 TenantAttribution; Relay Access Denied', 'unavailable account'],
  ['rcpt', '454 4.7.1 <ada@example.org>: Relay access denied', 'unavailable account'],
  ['rcpt', '550 5.7.1 Unable to relay', 'unavailable account'],
  [
    'mail',
    '550-5.7.1 Invalid credentials for relay [192.0.2.1]. The IP address you have\r\n550 5.7.1 registered does not match',
    'unavailable account',
  ],
  // Our address.
  ['rcpt', '550 5.7.606 Access denied, banned sending IP [192.0.2.1].', 'unavailable account'],
  [
    'mail',
    "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network is on our block list (S3150).",
    'unavailable account',
  ],
  [
    'rcpt',
    '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org',
    'unavailable account',
  ],
  [
    'rcpt',
    '550 5.7.1 <unknown[192.0.2.1]>: Client host rejected: cannot find your reverse hostname',
    'unavailable account',
  ],
  ['rcpt', '450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]', 'unavailable account'],
  ['rcpt', '450 4.7.1 <localhost>: Helo command rejected: Host not found', 'unavailable account'],
  ['rcpt', '550 5.7.25 The IP address sending this message does not have a PTR record', 'unavailable account'],
  [
    'end',
    "550-5.7.1 [192.0.2.1] The IP you're using to send mail is not authorized to\r\n550 5.7.1 send email directly to our servers. - gsmtp",
    'unavailable account',
  ],
  [
    'end',
    '550 5.7.1 [CSR] Our system has detected an unusual amount of unsolicited email originating from your address',
    'unavailable account',
  ],
  ['rcpt', '550 5.7.1 Connection from 192.0.2.1 refused', 'unavailable account'],
  ['rcpt', "550 DY-001 Unfortunately, messages from 192.0.2.1 weren't sent.", 'unavailable account'],
  ['rcpt', '550 5.7.1 Mail from IP 192.0.2.1 was rejected due to listing in Spamhaus SBL', 'unavailable account'],
  ['rcpt', '550 Access denied - Invalid HELO name', 'unavailable account'],
  // The identity that we send from.
  [
    'end',
    '550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.',
    'unavailable sender',
  ],
  ['mail', '553 5.7.1 <shop@example.com>: Sender address rejected: not owned by user mailer', 'unavailable sender'],
  ['end', '550 5.7.60 SMTP; Client does not have permissions to send as this sender', 'unavailable sender'],
  ['rcpt', '553 Sender is not allowed to relay emails', 'unavailable sender'],
  ['end', '552 Relaying disallowed as shop@example.com', 'unavailable sender'],
  ['rcpt', '450 4.1.8 <shop@example.com>: Sender address rejected: Domain not found', 'unavailable sender'],
  ['end', '550 5.7.26 This mail has been blocked because the sender is unauthenticated.', 'unavailable sender'],
  ['end', '550 5.7.1 Email rejected per DMARC policy for example.com', 'unavailable sender'],
  ['mail', '501 5.1.7 Bad sender address syntax', 'unavailable sender'],
  ['rcpt', '550 5.7.1 Your email address is not allowed to send', 'unavailable sender'],
  // Load.
  [
    'rcpt',
    '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints',
    'throttled provider',
  ],
  ['mail', '421 Too many concurrent SMTP connections', 'throttled provider'],
  ['end', '432 4.3.2 Concurrent connections limit exceeded', 'throttled provider'],
  ['mail', '450 4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error.', 'throttled provider'],
  ['rcpt', '452 4.4.5 Messages per second limit exceeded', 'throttled provider'],
  [
    'mail',
    '421 Domain x.example is not allowed to send: account-requests-per-sec limit exceeded, try again after 5 seconds',
    'throttled provider',
  ],
  ['rcpt', '550 - Stop, you are sending too fast!', 'throttled provider'],
  // A recipient who has to wait.
  ['rcpt', '452 4.2.2 The email account that you tried to reach is over quota.', 'throttled recipient'],
  ['rcpt', '550 5.2.1 The user you are trying to contact is receiving mail too quickly.', 'throttled recipient'],
  ['rcpt', '452 4.5.3 Your message has too many recipients.', 'throttled recipient'],
  ['rcpt', '432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded', 'throttled recipient'],
  ['rcpt', '550 User quota exceeded', 'throttled recipient'],
  ['end', '554 5.2.0 Mailbox full', 'throttled recipient'],
  // The message, or one recipient of it: votes.
  ['rcpt', '553 5.3.0 <ada@example.org>... No such user here', 'refused message'],
  ['rcpt', '504 5.5.2 <ada>: Recipient address rejected: need fully-qualified address', 'refused message'],
  ['end', '554 5.7.9 Message not accepted for policy reasons.', 'refused message'],
  ['rcpt', '550 5.7.1 You are not allowed to send to this recipient', 'refused message'],
  ['rcpt', '550 5.2.1 The email account that you tried to reach is disabled.', 'refused message'],
  ['rcpt', '550 5.1.1 The email account that you tried to reach does not exist.', 'refused message'],
  ['rcpt', '550 Requested action not taken: mailbox unavailable', 'refused message'],
  ['rcpt', "554 delivery error: dd This user doesn't have a yahoo.com account", 'refused message'],
  ['rcpt', '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required', 'refused message'],
  ['rcpt', '541 5.4.1 Mail rejected by destination domain', 'refused message'],
  ['end', "552-5.2.3 Your message exceeded Google's message size limits.\r\n552 5.2.3 - gsmtp", 'refused message'],
  ['end', '552 5.7.1 virus Eicar detected by Zoho Mail', 'refused message'],
  ['end', '550 5.7.1 This message violates example.com email policy. - gcdp', 'refused message'],
  ['end', '554 5.7.1 Message contains a URL listed in uribl', 'refused message'],
  ['end', '554 Message rejected as spam', 'refused message'],
  // Nobody knows whom these blame.
  ['rcpt', '550 Administrative prohibition', 'unrecognised'],
  ['end', '554 Transaction failed', 'unrecognised'],
  ['end', '554 Message rejected: a new reason', 'unrecognised'],
  ['rcpt', '550 Rejected', 'unrecognised'],
  // The network's.
  ['rcpt', '550 5.4.1 No answer from host', 'unavailable outage'],
  ['end', '554 5.4.312 DNS query failed', 'unavailable outage'],
];

describe('siblings of those answers', () => {
  it.each(SIBLINGS)('at %s: %s is %s', (stage, text, expected) => {
    expect(words(smtp(stage, text))).toBe(expected);
  });
});

function read({ provider, stage = 'end', reply = '', status = 400, headers = {}, body }: Reply): Outcome {
  if (provider === 'smtp') return smtp(stage, reply);
  const trace = { connected: true, written: true, complete: true, status, headers };
  return classifySes({ trace, name: headers['x-amzn-errortype'] ?? '', words: body?.message ?? '' });
}

function smtp(stage: SmtpStage, reply: string): Outcome {
  return stage === 'end'
    ? classifyFailure({ response: reply }, { began: true, written: true })
    : classifyReply(stage, reply);
}

function words(outcome: Outcome): string {
  if ('blames' in outcome) return `${outcome.kind} ${outcome.blames}`;
  return outcome.kind === 'throttled' ? `throttled ${outcome.of}` : outcome.kind;
}
