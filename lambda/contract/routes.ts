/** Rates above which a class of mail pauses, as fractions of the accepted mail of the class, from 0 to 1. */
export interface RateLimits {
  /** Largest rate of hard bounces in 24 hours. */
  readonly bounces: number;
  /** Largest rate of complaints in seven days. */
  readonly complaints: number;
}

/**
 * Settings for the submissions of one class of mail. A setting in a submission takes precedence over the same setting in the route of
 * its class.
 *
 * @example { class: 'login-codes', providers: ['postmark', 'ses'], expiresAfterSeconds: 600, onUnknown: 'failover' }
 */
export interface RouteConfig {
  /** The class of mail: the route applies to submissions whose field `class` equals this text. A class has at most one route. */
  readonly class: string;
  /**
   * Keys of the providers that send mail of this class, in the order in which they are tried. The list is the complete order:
   * `priority`, `weight` and `share` do not apply, and no other provider sends mail of this class.
   * @default - all providers, in the same order as for all other mail
   */
  readonly providers?: readonly string[];
  /**
   * Whether every submission of this class is limited to `providers`, for example to the providers that may see the content of the mail.
   * If true, a submission whose `providers.only` names another provider is dead-lettered as `Malformed`. If false, a submission may
   * choose any provider.
   * @default false
   */
  readonly strict?: boolean;
  /**
   * Time during which a submission without `expiresAt` may be sent, in seconds, from 30 to 1209600 (14 days). The time begins when
   * the producer sends the submission to the outbound queue. The alarm ClassWaits is raised when mail of the class has waited for a
   * tenth of this time. At most ten classes may set this option.
   * @default - four days
   */
  readonly expiresAfterSeconds?: number;
  /**
   * Treatment of a message that a provider may have accepted although the provider's answer was lost; a submission may set its own
   * `onUnknown`. `ask`: Mailover first asks the provider whether it accepted the message. If it did not, or cannot tell, the next
   * provider is tried. `failover`: the next provider is tried immediately, for mail that is better sent twice than late. `hold`: Mailover
   * asks the provider, but tries no other provider. If no answer shows that the message was accepted, the message is dead-lettered as
   * `Unknown`. This is for mail that is better not sent than sent twice.
   * @default 'ask'
   */
  readonly onUnknown?: 'ask' | 'failover' | 'hold';
  /**
   * Whether mail of this class is also sent to addresses that are on the suppression list because of a hard bounce. The option never applies
   * to addresses that are on the list because of a complaint. Use it for mail that a person waits for, such as a password reset. The provider
   * that reported the bounce may still refuse or drop the mail, since the address is on the provider's own suppression list. While any class
   * sets this option, Mailover adds no hard bounces to the providers' own suppression lists.
   * @default false
   */
  readonly overrideHardBounces?: boolean;
  /**
   * Whether recipients can unsubscribe from this class of mail. If true, each mail gets a one-click link (RFC 8058) in its headers, and no
   * further mail of the class is sent to a recipient who used the link. Since the link is personal, a submission of the class must have
   * exactly one recipient, unless the submission contains its own link (`unsubscribe.url`).
   * @default false
   */
  readonly unsubscribe?: boolean;
  /**
   * Whether mail of this class may have to wait until an address is verified. All classes with this option together send only one mail to
   * an address that is not verified. Further mail to the address waits, at most until the mail expires. An address is verified when the
   * first mail is delivered, when a link in the first mail is clicked, or when an operator runs `npm run verify`. This option needs a
   * provider with `events`.
   * @default false
   */
  readonly verifiedRecipients?: boolean;
  /**
   * Rates of hard bounces (in 24 hours) and complaints (in seven days) above which the class pauses. Mail of a paused class waits until
   * the mail expires, or until an operator runs `npm run release -- --class NAME`. The class pauses because of a rate only if the
   * period of this rate has at least 200 mails, and at least 10 hard bounces or 3 complaints. `false`: the class never pauses; use this for
   * mail that a person waits for. The rates are measured from the delivery events of providers with `events`.
   * @default { bounces: 0.04, complaints: 0.0008 } - also for classes without a route; both rates are below the limits that SES and Postmark publish
   */
  readonly pauseAbove?: false | Partial<RateLimits>;
  /**
   * Treatment of mail while the suppression list cannot be read. `send`: the mail is sent to all recipients. `wait`: the mail waits on a
   * retry queue.
   * @default 'send'
   */
  readonly onListUnreadable?: 'send' | 'wait';
  /**
   * Whether providers may track that a mail is opened, and that its links are clicked. A submission may set its own values.
   * @default - no tracking: providers do not change links and pictures
   */
  readonly tracking?: { readonly opens?: boolean; readonly clicks?: boolean };
}
