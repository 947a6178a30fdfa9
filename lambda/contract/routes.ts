/** Highest rates of a class, as parts of its accepted mail, from 0 to 1. */
export interface RateLimits {
  /** Hard bounces, in 24 hours. */
  readonly bounces: number;
  /** Complaints, in seven days. */
  readonly complaints: number;
}

/**
 * How submissions of one class are sent, where it differs from the others. Settings of the submission itself override it.
 *
 * @example { class: 'login-codes', providers: ['postmark', 'ses'], expiresAfterSeconds: 600, onUnknown: 'failover' }
 */
export interface RouteConfig {
  /** The `class` of the submissions, compared exactly; at most one route for each. */
  readonly class: string;
  /**
   * Keys of the providers that carry this class, best first. This is the complete order: `priority`, `weight` and `share`
   * do not apply, and other providers do not carry the class.
   * @default - all providers, in the same order as for all other mail
   */
  readonly providers?: readonly string[];
  /**
   * Limits every submission of this class to `providers`, for example to those that may see its content: a submission
   * whose `providers.only` names another one is `Malformed`. Otherwise a submission may choose any.
   * @default false
   */
  readonly strict?: boolean;
  /**
   * Time after the first receive within which a submission without `expiresAt` may be sent, in seconds, from 30 to 1209600 (14 days).
   * The alarm ClassWaits is raised when mail of the class has waited for a tenth of it; at most ten classes may have one.
   * @default - four days
   */
  readonly expiresAfterSeconds?: number;
  /**
   * What happens when a provider may have accepted the message and its answer was lost, if the submission does not set
   * it. `ask` looks the message up at the provider before the next one is tried. `failover` tries the next provider at
   * once, for mail that is better sent twice than late. `hold` tries no other provider and dead-letters the message as
   * `Unknown`, for mail that is better not sent than sent twice.
   * @default 'ask'
   */
  readonly onUnknown?: 'ask' | 'failover' | 'hold';
  /**
   * Mails addresses that are on the suppression list for a hard bounce, for mail that a person waits for, such as a
   * password reset. Never those of a complaint. The provider that reported the bounce may refuse or drop such mail by
   * its own list; with such a class, hard bounces are added to the lists of no other provider.
   * @default false
   */
  readonly overrideHardBounces?: boolean;
  /**
   * Lets recipients unsubscribe from this class: each mail gets a one-click link (RFC 8058) in its headers, and those who
   * used it are taken out before any provider. A submission of the class has one recipient, since the link is personal,
   * unless it brings a link of its own (`unsubscribe.url`).
   * @default false
   */
  readonly unsubscribe?: boolean;
  /**
   * Sends one mail of this class to an address until that is delivered or clicked, or the address is verified by `npm run verify`; other mail
   * to it waits until it expires. Needs a provider with `events`.
   * @default false
   */
  readonly verifiedRecipients?: boolean;
  /**
   * Rates of hard bounces and complaints above which the class pauses: its mail then waits until it expires, or until
   * `npm run release -- --class NAME`. Judged from 200 mails on. `false`: it never pauses, for mail that a person waits for. Rates
   * come from providers with `events`.
   * @default { bounces: 0.04, complaints: 0.0008 } - also for classes without a route; both are below the limits of the providers
   */
  readonly pauseAbove?: false | Partial<RateLimits>;
  /**
   * What happens while the suppression list cannot be read: `send` mails all recipients, `wait` leaves the mail on its queue.
   * @default 'send'
   */
  readonly onListUnreadable?: 'send' | 'wait';
  /**
   * How providers may track whether a mail is read, if the submission does not set it.
   * @default - not at all: links and pictures stay as they are
   */
  readonly tracking?: { readonly opens?: boolean; readonly clicks?: boolean };
}
