/** Settings of canaries: test mails to one of your own addresses. The provider bills each canary like any other mail. */
export interface CanaryConfig {
  /** Address to which the canaries are sent, at a domain for which Mailover receives mail. */
  readonly to: string;
  /**
   * From address of the canaries. The providers must be allowed to send mail from this address.
   * @default - the same as `to`
   */
  readonly from?: string;
  /** Number of minutes between two canaries, from 5 to 1440. */
  readonly everyMinutes: number;
}

/**
 * Settings of a provider that receives mail. The keys, the passwords and the secret part of the webhook path are in a secret of Secrets
 * Manager, and not in these settings.
 */
export interface InboundOptions {
  /**
   * Preference number in this provider's MX records. An alarm is raised when mail is received through a provider whose preference is
   * not the lowest number.
   * @default - equal to the lowest preference of all providers
   */
  readonly preference?: number;
  /**
   * Canaries (test mails) to a subdomain whose only MX is this provider. They are sent through any provider. They test that this
   * provider receives mail, even while all other mail uses an MX with a better preference.
   * @default - no canary is sent
   */
  readonly canary?: CanaryConfig;
  /**
   * Address ranges (CIDR) from which the provider's webhook requests come. The source address is a check in addition to the secret. The
   * provider may change its ranges.
   * @default - any address
   */
  readonly sourceRanges?: readonly string[];
  /**
   * Name of the secret in Secrets Manager. The value of the secret is a JSON object.
   * @default - `<name>/<key>/webhooks`, where `<name>` is the name of the deployment
   */
  readonly secretName?: string;
}

/**
 * Settings for a provider's delivery events. The keys, the passwords and the secret part of the webhook path are in a secret of Secrets
 * Manager, and not in these settings.
 */
export interface EventsOptions {
  /**
   * Address ranges (CIDR) from which the provider's webhook requests come. The source address is a check in addition to the secret. The
   * provider may change its ranges.
   * @default - any address
   */
  readonly sourceRanges?: readonly string[];
  /**
   * Name of the secret in Secrets Manager. The value of the secret is a JSON object. One secret may contain the fields for delivery events and the
   * fields for received mail.
   * @default - `<name>/<key>/webhooks`, where `<name>` is the name of the deployment
   */
  readonly secretName?: string;
}

/**
 * An entry of the list of providers. It has the fields of every provider type, and `options` and `inbound` of its own provider type.
 *
 * @example { key: 'postmark', type: 'postmark', options: { messageStream: 'outbound' } }
 */
export interface ProviderConfig<T extends string = string, O = object, I = true | InboundOptions> {
  /**
   * Unique name, `[a-z][a-z0-9-]{0,31}`, which is part of the names of this provider's metrics, secret and retry queue.
   * If you change the key, Mailover treats the entry as a new provider.
   */
  readonly key: string;
  /** Provider type; the sections below list the options of each type. Several entries may have the same type. */
  readonly type: T;
  /** Options of the provider type. */
  readonly options: O;
  /**
   * Name of the secret in Secrets Manager. The value of the secret is a JSON object.
   * @default - `<name>/<key>`, where `<name>` is the name of the deployment; types that need no secret have no default
   */
  readonly secretName?: string;
  /**
   * Whether mail is sent through this provider; `false` for a provider account that only receives mail.
   * @default true
   */
  readonly outbound?: boolean;
  /**
   * Settings for receiving mail through this provider; `true` uses the default of every option.
   * @default - no mail is received through this provider
   */
  readonly inbound?: I;
  /**
   * Settings for receiving delivery events (delivered, bounced, complained, …). The provider posts the events to Mailover's HTTP API. A
   * provider of type `ses` publishes the events to an SNS topic, through its SES configuration sets.
   * @default - no events are received
   */
  readonly events?: true | EventsOptions;
  /**
   * Priority of this provider: a provider with a higher number is tried first. Providers of equal priority share the mail by `weight`.
   * @default - the position in the list decides: the first entry has the highest priority
   */
  readonly priority?: number;
  /**
   * Relative share of the mail among providers of the same priority, a whole number from 0 to 10000.
   * @default 100
   */
  readonly weight?: number;
  /**
   * Fraction of the mail, above 0 and at most 1, for which this provider is tried first, regardless of its priority.
   * @default - no fixed fraction: `priority` and `weight` decide
   */
  readonly share?: number;
  /**
   * Increases `share` day by day while a new server gains reputation. The share begins with the fraction `from` on the day `start`
   * (UTC). Each day it is multiplied by the same factor, until it reaches the full `share` after `days` days.
   * Until then, the provider is tried last for all other mail, whatever its priority; before `start`, for all mail.
   * @default - the full `share` from the start
   */
  readonly warmUp?: { readonly start: string; readonly from: number; readonly days: number };
  /**
   * Longest time for one whole attempt to send a message, in milliseconds, from 1000 to 60000. If an answer of Postmark or Mailgun is
   * lost, Mailover can ask the provider whether it accepted the message. Therefore an attempt at such a provider ends earlier if the
   * provider has answered quickly in the last minute.
   * @default 10000
   */
  readonly deadlineMs?: number;
  /**
   * Longest time for the DNS look-up, the TCP connection and the TLS handshake together, in milliseconds, from 100 to `deadlineMs`.
   * @default 3000
   */
  readonly connectMs?: number;
  /**
   * Largest number of calls per second to this provider, from 0.1 to 10000, for all Lambda processes together. Mail above this rate is
   * sent through another provider, or waits.
   * @default - no limit; a provider that throttles gets no mail for the time that its answer states
   */
  readonly maxPerSecond?: number;
  /**
   * Number of recipients to which the account may send in a day, a whole number of 1 or more. An alarm is raised when the failure of one
   * provider would leave too little capacity for the busiest day of the last week. The number itself does not limit the mail; use
   * `maxPerSecond` to limit the mail. Mailgun, Postmark and SendGrid report no daily limit.
   * @default - for `ses` the limit that SES reports; for other types no limit
   */
  readonly capacityPerDay?: number;
  /**
   * Domains, including their subdomains, of the From addresses from which this provider may send.
   * @default - any domain; for `ses` the domains of the SES identities
   */
  readonly fromDomains?: readonly string[];
  /**
   * From address that replaces the original From address if its domain is not in `fromDomains`. The name of the original sender is kept.
   * The original address becomes the Reply-To address, unless the submission has a Reply-To. Providers that may send such mail without
   * a change are tried first.
   * @default - no substitute: mail from other domains skips this provider
   */
  readonly substituteFrom?: string;
  /**
   * Classes of mail that this provider sends. All other submissions skip this provider, including submissions without a class.
   * @default - all submissions
   */
  readonly classes?: readonly string[];
  /**
   * Canaries (test mails) that are sent only through this provider, to an address for which a provider with `inbound` receives mail. They
   * test the complete way of a mail. They also detect an account that sends no mail although the provider's API reports it as healthy.
   * @default - no canary is sent
   */
  readonly canary?: CanaryConfig;
  /**
   * DNS blocklists (`zones`) in which Mailover looks up your own sending `addresses` (IPv4 or IPv6) each half hour, through the DNS
   * servers `resolvers` (`address` or `address:port`). Some blocklists refuse queries of the AWS resolver unless the name of the zone
   * contains a key. Without the key, such a blocklist is not measured.
   * @default - no blocklist is checked; the default of `resolvers` is the DNS servers of the system
   */
  readonly blocklists?: {
    readonly addresses: readonly string[];
    readonly zones: readonly string[];
    readonly resolvers?: readonly string[];
  };
  /**
   * Limits that are lower than the limits of the provider type; higher values have no effect.
   * @default - the limits of the provider type
   */
  readonly limits?: { readonly maxBytes?: number; readonly maxRecipients?: number };
}

/** The fields of an entry in the list of providers that the functions for received mail need. */
export type InboundConfig = Pick<ProviderConfig, 'key' | 'type'> & Pick<InboundOptions, 'preference' | 'sourceRanges'>;

/** Defaults of fields of {@link ProviderConfig}. */
export const PROVIDER_DEFAULTS = { weight: 100, deadlineMs: 10_000, connectMs: 3_000 } as const;
