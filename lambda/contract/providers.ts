/** All provider types; each has a folder of this name under `lambda/providers`. */
export const PROVIDER_TYPES = ['ses', 'mailgun', 'postmark', 'sendgrid', 'smtp'] as const;
export type ProviderType = (typeof PROVIDER_TYPES)[number];

/** Options of an Amazon SES provider. It needs no secret: requests are signed with the role of the function. */
export interface SesOptions {
  /**
   * Region whose SES account sends.
   * @default - the region of the stack
   */
  readonly region?: string;
  /** Verified identities (domains or addresses) that may be used in From; IAM allows only these. */
  readonly identities: readonly string[];
  /**
   * Configuration set, needed for delivery events.
   * @default - none
   */
  readonly configurationSet?: string;
  /**
   * Configuration sets that track, by what they track, since SES has no other option for it. A message that asks for
   * tracking uses the one that does exactly that, otherwise `configurationSet`, which should track nothing.
   * @default - none: mail over this provider is not tracked
   */
  readonly trackingSets?: { readonly opens?: string; readonly clicks?: string; readonly both?: string };
  /**
   * ARN of an identity of another account, whose owner allows our account to send (SES: sending authorization).
   * @default - identities of this account
   */
  readonly fromIdentityArn?: string;
}

/**
 * Options of a Mailgun provider. Its secret contains `apiKey`. A domain sending key is enough for sending; asking about a
 * message with an unknown outcome (`onUnknown: ask`) needs a key with read access.
 */
export interface MailgunOptions {
  /** Sending domain as registered with Mailgun. */
  readonly domain: string;
  /**
   * Region of the Mailgun domain: `us` or `eu`.
   * @default 'us'
   */
  readonly region?: 'us' | 'eu';
}

/** Options of a Postmark provider. Its secret contains `serverToken`. */
export interface PostmarkOptions {
  /**
   * Message stream.
   * @default 'outbound'
   */
  readonly messageStream?: string;
}

/** Options of a SendGrid account. Its secret contains `apiKey`, an API key with the scope `mail.send`. */
export interface SendgridOptions {
  /**
   * Region of the account: `us` for all accounts but subusers of the EU, whose mail is sent from there.
   * @default 'us'
   */
  readonly region?: 'us' | 'eu';
}

/** Options of an SMTP server. Its secret contains `username` and `password`; an empty `username` means no login. */
export interface SmtpOptions {
  /** Host name of the server, without scheme or port. */
  readonly host: string;
  /**
   * Port: 587 for STARTTLS, 465 for implicit TLS. AWS blocks 25 by default.
   * @default 587
   */
  readonly port?: number;
  /**
   * `starttls` refuses to continue without TLS, `implicit` begins with it, `none` sends unencrypted.
   * @default 'starttls', or 'implicit' on port 465
   */
  readonly tls?: 'starttls' | 'implicit' | 'none';
  /**
   * Name given in EHLO.
   * @default - nodemailer's: the host name of the machine
   */
  readonly clientName?: string;
  /**
   * Whether the server offers SMTPUTF8, so that it accepts non-ASCII local parts.
   * @default false
   */
  readonly smtpUtf8?: boolean;
  /**
   * Largest message in bytes that the server accepts (its SIZE).
   * @default 26214400
   */
  readonly maxBytes?: number;
}

/** Test messages to an address of our own. Each one is billed like any other mail. */
export interface CanaryConfig {
  /** Address of the canaries, at a domain that Mailover receives mail for. */
  readonly to: string;
  /**
   * From address, which the providers must be allowed to send for.
   * @default - the same as `to`
   */
  readonly from?: string;
  /** Minutes between two canaries, from 5 to 1440. */
  readonly everyMinutes: number;
}

/** How a provider receives mail. Its keys, its passwords and the secret part of its path are in a separate secret. */
export interface InboundOptions {
  /**
   * Preference of this provider's MX records; mail through one that is not the lowest raises an alarm.
   * @default - as good as the best
   */
  readonly preference?: number;
  /**
   * Test messages, sent through any provider, to a subdomain whose only MX is this provider: they test receiving even
   * while all other mail uses a better MX.
   * @default - none is sent
   */
  readonly canary?: CanaryConfig;
  /**
   * Address ranges (CIDR) that its requests come from, as a second check; the provider may change them.
   * @default - any
   */
  readonly sourceRanges?: readonly string[];
  /**
   * Name of the secret in Secrets Manager, a JSON object.
   * @default - `mailover/<key>/webhooks`
   */
  readonly secretName?: string;
}

/** How Mailgun receives mail. */
export interface MailgunInboundOptions extends InboundOptions {
  /**
   * Domains of the Mailgun account that receive mail: the reconciler asks for mail that was stored or not posted for
   * them.
   *
   * Without a default, since a wrong one would not be noticed: the sending domain has events as well.
   */
  readonly domains: readonly string[];
}

/** How Postmark receives mail. */
export interface PostmarkInboundOptions extends InboundOptions {
  /**
   * Mail that a rule of Postmark, or its spam filter, blocks: `receive` has it posted nevertheless, with its verdict;
   * `leave` keeps it blocked.
   * @default 'receive'
   */
  readonly blocked?: 'receive' | 'leave';
}

/** How Amazon SES receives mail: a receipt rule writes it to the mail bucket, at any size. */
export interface SesInboundOptions {
  /** Domains or addresses that the rule applies to. */
  readonly recipients: readonly string[];
  /**
   * As for the other types; the rule accepts its address as well.
   * @default - none is sent
   */
  readonly canary?: CanaryConfig;
  /**
   * Name of the receipt rule set that gets the rule. Only one can be active in a region.
   * @default - a new one, which still has to be made active
   */
  readonly ruleSetName?: string;
  /**
   * Preference of its MX record; mail through one that is not the lowest raises an alarm.
   * @default - as good as the best
   */
  readonly preference?: number;
}

interface ProviderBase<T extends ProviderType, O, I> {
  /**
   * Unique name, `[a-z][a-z0-9-]{0,31}`: names the metrics, the secret and the retry queue of this provider. A changed
   * key is a new provider.
   */
  readonly key: string;
  /** `ses`, `mailgun`, `postmark`, `sendgrid` or `smtp`; several entries may have one type. */
  readonly type: T;
  /** Options of the type. */
  readonly options: O;
  /**
   * Name of the secret in Secrets Manager, a JSON object.
   * @default - `mailover/<key>`, for types that need a secret
   */
  readonly secretName?: string;
  /**
   * `false` for an account that only receives.
   * @default true
   */
  readonly outbound?: boolean;
  /**
   * How this provider receives mail; `true` for all defaults, where every option has one.
   * @default - it does not
   */
  readonly inbound?: I;
  /**
   * Providers of higher priority go first; those of equal priority share by `weight`.
   * @default - by position in the list, the first highest
   */
  readonly priority?: number;
  /**
   * Share among providers of the same priority, a whole number from 0 to 10000.
   * @default 100
   */
  readonly weight?: number;
  /**
   * Fraction of the mail, above 0 and at most 1, that tries this provider first, whatever its priority.
   * @default - none
   */
  readonly share?: number;
  /**
   * Lets `share` grow with the reputation of a new server: from the fraction `from` on the day `start` (UTC), by the same
   * factor each day, to the full share after `days` days.
   * @default - the full share at once
   */
  readonly warmUp?: { readonly start: string; readonly from: number; readonly days: number };
  /**
   * Time for one whole attempt, in milliseconds, from 1000 to 60000.
   * @default 10000
   */
  readonly deadlineMs?: number;
  /**
   * Time for DNS, TCP and TLS together, in milliseconds, from 100 to the deadline.
   * @default 3000
   */
  readonly connectMs?: number;
  /**
   * Largest number of calls per second, over all workers, from 0.1 to 10000; further mail uses another provider or
   * waits.
   * @default - no limit: a provider that throttles is left alone for as long as it says
   */
  readonly maxPerSecond?: number;
  /**
   * From domains (with their subdomains) that this provider may send for.
   * @default - any; for `ses`, its identities
   */
  readonly fromDomains?: readonly string[];
  /**
   * Address from which this provider sends mail of other domains than `fromDomains`: with the name of the original
   * sender, and the original address in Reply-To unless the submission has one. Providers that may send it unchanged come
   * first.
   * @default - none: mail from other domains skips this provider
   */
  readonly substituteFrom?: string;
  /**
   * Classes of submissions that this provider carries; all others, and those without a class, skip it.
   * @default - all
   */
  readonly classes?: readonly string[];
  /**
   * Test messages through this provider alone, to an address whose mail returns to Mailover (a provider with `inbound`):
   * they test the complete route, and find accounts that refuse only sends.
   * @default - none is sent
   */
  readonly canary?: CanaryConfig;
  /**
   * DNS blocklists (`zones`) that are checked each half hour for own sending addresses (IPv4 or IPv6), through
   * `resolvers` (`address` or `address:port`). Some lists refuse the resolver of AWS and need a key in the zone; such a list gives no result.
   * @default - none is asked; `resolvers` are those of the system
   */
  readonly blocklists?: {
    readonly addresses: readonly string[];
    readonly zones: readonly string[];
    readonly resolvers?: readonly string[];
  };
  /**
   * Limits below those of the type; higher ones have no effect.
   * @default - those of the type
   */
  readonly limits?: { readonly maxBytes?: number; readonly maxRecipients?: number };
}

/**
 * An entry of the provider list.
 *
 * @example { key: 'postmark', type: 'postmark', options: { messageStream: 'outbound' } }
 */
export type ProviderConfig =
  | ProviderBase<'ses', SesOptions, SesInboundOptions>
  | ProviderBase<'mailgun', MailgunOptions, MailgunInboundOptions>
  | ProviderBase<'postmark', PostmarkOptions, true | PostmarkInboundOptions>
  | ProviderBase<'sendgrid', SendgridOptions, never>
  | ProviderBase<'smtp', SmtpOptions, never>;

/** The types that can receive mail. */
export type InboundType = Exclude<ProviderType, 'sendgrid' | 'smtp'>;

/** The part of a list entry about received mail. */
export interface InboundConfig {
  readonly key: string;
  readonly type: InboundType;
  readonly preference?: number;
  readonly sourceRanges?: readonly string[];
}

/** Values for options that are not set. */
export const PROVIDER_DEFAULTS = { weight: 100, deadlineMs: 10_000, connectMs: 3_000 } as const;
