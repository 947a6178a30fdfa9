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
   * @default - `<name>/<key>/webhooks`, by the name of the deployment
   */
  readonly secretName?: string;
}

/** How the delivery events of a provider come in. Keys, passwords and the secret part of the path are in a separate secret. */
export interface EventsOptions {
  /**
   * Address ranges (CIDR) that its requests come from, as a second check; the provider may change them.
   * @default - any
   */
  readonly sourceRanges?: readonly string[];
  /**
   * Name of the secret in Secrets Manager, a JSON object; that of received mail has the fields of both.
   * @default - `<name>/<key>/webhooks`, by the name of the deployment
   */
  readonly secretName?: string;
}

/**
 * The fields of a list entry that are the same for every type; `options` and `inbound` are those of the type.
 *
 * @example { key: 'postmark', type: 'postmark', options: { messageStream: 'outbound' } }
 */
export interface ProviderConfig<T extends string = string, O = object, I = true | InboundOptions> {
  /**
   * Unique name, `[a-z][a-z0-9-]{0,31}`: names the metrics, the secret and the retry queue of this provider. A changed
   * key is a new provider.
   */
  readonly key: string;
  /** Provider type, as in the sections below; several entries may have one type. */
  readonly type: T;
  /** Options of the type. */
  readonly options: O;
  /**
   * Name of the secret in Secrets Manager, a JSON object.
   * @default - `<name>/<key>`, by the name of the deployment, for types that need a secret
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
   * Takes the delivery events of this provider (delivered, bounced, complained, …): posted to the HTTP API, or for `ses`
   * published to a topic by its configuration sets.
   * @default - it takes none
   */
  readonly events?: true | EventsOptions;
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
   * Longest time for one whole attempt, in milliseconds, from 1000 to 60000; a provider that can be asked (Postmark, Mailgun) is
   * given up sooner when it has answered quickly in the last minute.
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
   * Recipients that the account may have in a day, a whole number from 1. An alarm is raised when the others could not have carried the day with the most recipients of the
   * last week without one of them. It limits no mail: `maxPerSecond` does. Mailgun, Postmark and SendGrid report no limit of a day.
   * @default - for `ses`, what the account says; for others no limit
   */
  readonly capacityPerDay?: number;
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

/** The part of a list entry about received mail. */
export interface InboundConfig {
  readonly key: string;
  readonly type: string;
  readonly preference?: number;
  readonly sourceRanges?: readonly string[];
}

/** Values for options that are not set. */
export const PROVIDER_DEFAULTS = { weight: 100, deadlineMs: 10_000, connectMs: 3_000 } as const;
