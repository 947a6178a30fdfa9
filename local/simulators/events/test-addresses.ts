/**
 * Result of a mail to one recipient. `listed`: the address is on the provider's own suppression list, so the provider does not
 * try to deliver the mail. `complained`: the mail is delivered, and the recipient then reports it as spam.
 */
export interface Fate {
  readonly kind: 'delivered' | 'deferred' | 'bounced' | 'complained' | 'listed';
  /** Whether the mail bounced because the address can never receive mail (a hard bounce). It is also set for `listed`. */
  readonly hard?: true;
  /** Reply of the recipient's mail server, which the delivery events contain. */
  readonly reply: string;
  /** Type of the bounce at Postmark. Present only for a test address whose name is a bounce type. */
  readonly bounceType?: string;
}

const DELIVERED: Fate = { kind: 'delivered', reply: '250 2.0.0 OK' };
const UNKNOWN_USER: Fate = { kind: 'bounced', hard: true, reply: '550 5.1.1 The email account does not exist' };

/**
 * Results of mail to Amazon's mailbox simulator, by local part of the address
 * (docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html, 2026-11-23).
 */
const AMAZON: Readonly<Record<string, Fate>> = {
  success: DELIVERED,
  // The mail is delivered. Amazon's mailbox simulator also sends an automatic reply to the return path.
  ooto: DELIVERED,
  bounce: UNKNOWN_USER,
  complaint: { ...DELIVERED, kind: 'complained' },
  suppressionlist: { kind: 'listed', hard: true, reply: '550 5.1.1 Address is on the suppression list' },
};

/**
 * Results of mail to Postmark's test addresses, by bounce type. Mail to the test address of any other bounce type is delivered.
 */
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
 * Returns the result of a mail to an address. A test address that one provider documents has the same result at every simulated
 * provider, as if the recipient's mail server caused the result. Mail to any address that is not a test address is delivered.
 */
export function fateOf(address: string): Fate {
  const [local = '', domain = ''] = address.toLowerCase().split('@');
  if (domain === 'simulator.amazonses.com') return AMAZON[local.split('+')[0] ?? ''] ?? UNKNOWN_USER;
  if (domain !== 'bounce-testing.postmarkapp.com') return DELIVERED;
  const bounceType = POSTMARK.find((type) => type.toLowerCase() === local.replaceAll('_', '')) ?? 'HardBounce';
  return { ...(REPLIES[bounceType] ?? DELIVERED), bounceType };
}
