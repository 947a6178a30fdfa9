/**
 * Result of a mail to one recipient. `listed`: the address is on the provider's own suppression list, so the provider tries no
 * delivery. `complained`: the mail is delivered and then reported as spam.
 */
export interface Fate {
  readonly kind: 'delivered' | 'deferred' | 'bounced' | 'complained' | 'listed';
  /** Whether the mail bounced because the mailbox does not exist; only for `bounced`. */
  readonly hard?: true;
  /** Reply of the recipient's mail server; used for `bounced` and `deferred`. */
  readonly reply: string;
  /** Postmark's type of the bounce; present for a test address whose name is a bounce type. */
  readonly bounceType?: string;
}

const DELIVERED: Fate = { kind: 'delivered', reply: '250 2.0.0 OK' };
const UNKNOWN_USER: Fate = { kind: 'bounced', hard: true, reply: '550 5.1.1 The email account does not exist' };

/** Results at Amazon's mailbox simulator, by local part (docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html, 2026-11-23). */
const AMAZON: Readonly<Record<string, Fate>> = {
  success: DELIVERED,
  // The mail is delivered. At Amazon an automatic reply is also sent to the return path.
  ooto: DELIVERED,
  bounce: UNKNOWN_USER,
  complaint: { ...DELIVERED, kind: 'complained' },
  suppressionlist: { kind: 'listed', hard: true, reply: '550 5.1.1 Address is on the suppression list' },
};

/** By bounce type: result of mail to the test address of this type. Mail to the test address of any other bounce type is delivered. */
const REPLIES: Readonly<Record<string, Omit<Fate, 'bounceType'>>> = {
  HardBounce: UNKNOWN_USER,
  BadEmailAddress: { kind: 'bounced', hard: true, reply: '550 5.1.3 Bad destination mailbox address syntax' },
  AddressChange: { kind: 'bounced', hard: true, reply: '551 5.1.6 The mailbox has moved' },
  SoftBounce: { kind: 'bounced', reply: '552 5.2.2 The mailbox is full' },
  Unknown: { kind: 'bounced', reply: '550 5.0.0 Other undefined status' },
  DnsError: { kind: 'bounced', reply: '451 4.4.3 Name server failure' },
  Blocked: { kind: 'bounced', reply: '550 5.7.1 Rejected for policy reasons, your host is blocked' },
  SpamNotification: { kind: 'bounced', reply: '550 5.7.1 The message looks like spam' },
  VirusNotification: { kind: 'bounced', reply: '554 5.6.0 The message contains a virus' },
  DMARCPolicy: { kind: 'bounced', reply: '550 5.7.1 Rejected by the DMARC policy of the sender domain' },
  Transient: { kind: 'deferred', reply: '451 4.4.1 Connection timed out, will try again' },
};

/**
 * Bounce types for which Postmark has a test address. SpamComplaint has no test address (postmarkapp.com/support/article/1239,
 * 2026-11-29).
 */
const POSTMARK: readonly string[] = [
  ...Object.keys(REPLIES),
  'Unsubscribe',
  'Subscribe',
  'AutoResponder',
  'OpenRelayTest',
  'ChallengeVerification',
  'ManuallyDeactivated',
  'Unconfirmed',
  'SMTPApiError',
  'InboundError',
  'TemplateRenderingFailed',
];

/**
 * Returns the result of a mail to an address. A test address from the documentation of one provider has the same result at every
 * simulated provider, as if the recipient's mail server caused the result. Mail to any other address is delivered.
 */
export function fateOf(address: string): Fate {
  const [local = '', domain = ''] = address.toLowerCase().split('@');
  if (domain === 'simulator.amazonses.com') return AMAZON[local.split('+')[0] ?? ''] ?? UNKNOWN_USER;
  if (domain !== 'bounce-testing.postmarkapp.com') return DELIVERED;
  const bounceType = POSTMARK.find((type) => type.toLowerCase() === local.replaceAll('_', '')) ?? 'HardBounce';
  return { ...(REPLIES[bounceType] ?? DELIVERED), bounceType };
}
