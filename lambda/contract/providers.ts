/** The provider types that exist; each has a folder of this name under `lambda/providers`. */
export const PROVIDER_TYPES = ['ses', 'mailgun', 'postmark', 'smtp'] as const;
export type ProviderType = (typeof PROVIDER_TYPES)[number];

/** Options of an Amazon SES provider. */
export interface SesOptions {
  /**
   * Region whose SES account sends.
   * @default - the region of the stack
   */
  readonly region?: string;
  /**
   * Verified identities (domains or addresses) that may be used in From; IAM allows only these.
   */
  readonly identities: readonly string[];
  /**
   * Configuration set, needed for delivery events.
   * @default - none
   */
  readonly configurationSet?: string;
  /**
   * Configuration sets that track, by what they do: SES has no other way to be told. Mail that asks for tracking goes over
   * the one that does just that, else over `configurationSet`, which should track nothing.
   * @default - none: mail over this provider is not tracked
   */
  readonly trackingSets?: { readonly opens?: string; readonly clicks?: string; readonly both?: string };
  /**
   * ARN of an identity of another account, whose owner lets this one send (SES: sending authorization).
   * @default - identities of this account
   */
  readonly fromIdentityArn?: string;
}

/**
 * Options of a Mailgun provider. Its secret holds `apiKey`. A domain sending key suffices for sending; asking what became of a mail
 * whose answer was lost (`onUnknown: ask`) needs a key that may read.
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

/** Options of a Postmark provider. Its secret holds `serverToken`. */
export interface PostmarkOptions {
  /**
   * Message stream.
   * @default 'outbound'
   */
  readonly messageStream?: string;
}

/** Options of an SMTP server. Its secret holds `username` and `password`. */
export interface SmtpOptions {
  readonly host: string;
  /**
   * Port: 587 for STARTTLS, 465 for implicit TLS. AWS blocks 25 by default.
   * @default 587
   */
  readonly port?: number;
  /**
   * `starttls` refuses to go on without TLS, `implicit` begins with it, `none` sends in the clear.
   * @default 'starttls', or 'implicit' on port 465
   */
  readonly tls?: 'starttls' | 'implicit' | 'none';
  /**
   * Name given in EHLO.
   * @default - nodemailer's: the host name of the machine
   */
  readonly clientName?: string;
  /**
   * Whether the server offers SMTPUTF8, so that non-ASCII local parts may be given to it.
   * @default false
   */
  readonly smtpUtf8?: boolean;
  /**
   * Largest message in bytes that the server takes (its SIZE).
   * @default 26214400
   */
  readonly maxBytes?: number;
}

/** Mail of our own, to an address of our own. Every one is billed as any other mail. */
export interface CanaryConfig {
  readonly to: string;
  /**
   * An address that the providers may send for.
   * @default - the same as `to`
   */
  readonly from?: string;
  /** From 5 to 1440. */
  readonly everyMinutes: number;
}

/** How mail comes in over a provider. Its keys, passwords and the unguessable part of its path are in a secret of their own. */
export interface InboundOptions {
  /**
   * Preference of this provider's MX records; mail over one that is not the lowest raises an alarm.
   * @default - as good as the best
   */
  readonly preference?: number;
  /**
   * Mail of our own, over any way out, to a subdomain whose only MX is this provider: it proves this way in, also while
   * all other mail takes a better MX.
   * @default - none is sent
   */
  readonly canary?: CanaryConfig;
  /**
   * Address ranges (CIDR) that its requests come from, as a second wall; the list is the provider's to change.
   * @default - any
   */
  readonly sourceRanges?: readonly string[];
  /**
   * Name of the secret in Secrets Manager, a JSON object.
   * @default - `mailover/<key>/webhooks`
   */
  readonly secretName?: string;
}

/** How mail comes in over Mailgun. */
export interface MailgunInboundOptions extends InboundOptions {
  /**
   * Domains of the Mailgun account that mail is received for: the reconciler asks for what they stored or failed to post.
   *
   * Without a default, since nobody would notice a wrong one: the sending domain has events too.
   */
  readonly domains: readonly string[];
}

/** How mail comes in over Postmark. */
export interface PostmarkInboundOptions extends InboundOptions {
  /**
   * Mail that a rule of Postmark, or its spam filter, holds back: `receive` has it posted all the same, with its verdict;
   * `leave` leaves it to the rule.
   * @default 'receive'
   */
  readonly blocked?: 'receive' | 'leave';
}

/** How mail comes in over Amazon SES: a receipt rule writes it to the mail bucket, whatever its size. */
export interface SesInboundOptions {
  /** Domains or addresses that the rule is for. */
  readonly recipients: readonly string[];
  /**
   * As for the other types; the rule takes its address too.
   * @default - none is sent
   */
  readonly canary?: CanaryConfig;
  /**
   * Name of the receipt rule set that gets the rule. Only one can be active in a region.
   * @default - a new one, which still has to be made active
   */
  readonly ruleSetName?: string;
  /**
   * Preference of its MX record; mail over one that is not the lowest raises an alarm.
   * @default - as good as the best
   */
  readonly preference?: number;
}

interface ProviderBase<T extends ProviderType, O, I> {
  /** Unique name, `[a-z][a-z0-9-]{0,31}`: names the metrics, the secret and the retry queue of this provider. Changing it makes a new provider. */
  readonly key: string;
  readonly type: T;
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
   * How mail is received over this provider; `true` for all defaults, where there are only such.
   * @default - none is
   */
  readonly inbound?: I;
  /**
   * Higher goes first; providers of equal priority share by `weight`.
   * @default - by place in the list, the first highest
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
   * Lets `share` grow with the reputation of a young server: from the fraction `from` on the day `start` (UTC), by the
   * same factor each day, to the whole share after `days` days.
   * @default - the whole share at once
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
   * Calls in a second at most, over all workers, from 0.1 to 10000; mail beyond it goes to another provider or waits.
   * @default - no limit: a provider that wants less says so, and is left alone for that long
   */
  readonly maxPerSecond?: number;
  /**
   * From domains (with their subdomains) that this provider may send for.
   * @default - any; for `ses`, its identities
   */
  readonly fromDomains?: readonly string[];
  /**
   * Address that mail from other domains than `fromDomains` is sent from by this provider, rather than not at all: with the
   * name of the original, and its address in Reply-To unless the submission has one. Providers that may send it as it is
   * come first.
   * @default - none: mail from other domains passes this provider by
   */
  readonly substituteFrom?: string;
  /**
   * Classes of submissions that this provider carries; all others, and those without a class, pass it by.
   * @default - all
   */
  readonly classes?: readonly string[];
  /**
   * Mail of our own over this provider alone, to an address whose mail comes back to Mailover (a provider with `inbound`):
   * it proves the whole way, accounts that refuse only those who send included.
   * @default - none is sent
   */
  readonly canary?: CanaryConfig;
  /**
   * DNS blocklists (`zones`) in which own sending addresses (IPv4 or IPv6) are looked for, by `resolvers` (`address` or
   * `address:port`). Some lists refuse the resolver of AWS and want a key in the zone; such a list says nothing.
   * @default - none is asked; `resolvers` are those of the system
   */
  readonly blocklists?: {
    readonly addresses: readonly string[];
    readonly zones: readonly string[];
    readonly resolvers?: readonly string[];
  };
  /**
   * Lowers the limits of the type, never raises them.
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
  | ProviderBase<'smtp', SmtpOptions, never>;

/** The types that mail can be received over. */
export type InboundType = Exclude<ProviderType, 'smtp'>;

/** What of an entry of the list concerns received mail. */
export interface InboundConfig {
  readonly key: string;
  readonly type: InboundType;
  readonly preference?: number;
  readonly sourceRanges?: readonly string[];
}

/** The values used where the list says nothing. */
export const PROVIDER_DEFAULTS = { weight: 100, deadlineMs: 10_000, connectMs: 3_000 } as const;
