import type { ZodType } from 'zod';
import type { Message, Tracking } from '../mail/message.ts';
import type { AttemptResult } from '../mail/outcome.ts';
import type { AwsPermissions } from './aws-permissions.ts';
import type { EventsDefinition } from './events-definition.ts';
import type { InboundDefinition } from './inbound-definition.ts';
import type { Loose, OptionFields } from './option-fields.ts';
import type { OwnListModule } from './own-list.ts';

/** One attempt to send one submission through one provider. */
export interface Attempt {
  readonly message: Message;
  /** Addresses to which the message must still be sent: a subset of the message's To, Cc and Bcc, never empty. */
  readonly recipients: readonly string[];
  /**
   * Groups of recipients that an earlier attempt at this provider returned in `apart` of {@link AttemptResult}. Each group gets a
   * separate call.
   */
  readonly apart?: readonly (readonly string[])[];
  /**
   * Returns the composed MIME message, without a Bcc header and with CRLF line ends. It is built once per submission, and all
   * attempts share it.
   */
  mime(): Promise<Buffer>;
  /**
   * Whether opens and clicks are tracked. Every provider that can track is told so explicitly, so that the default of its account
   * has no effect.
   */
  readonly tracking: Tracking;
  /** Number of this attempt: 1 for the first attempt at the submission. The count continues across retries. */
  readonly number: number;
  /** Time limit of this attempt, in milliseconds. */
  readonly deadlineMs: number;
  /**
   * Time limit of each call of this attempt, in milliseconds, calculated from the times that the provider recently took to
   * answer.
   */
  readonly answerMs?: number;
  /** Time limit of DNS, TCP and TLS together, in milliseconds. */
  readonly connectMs: number;
}

/** A question to a provider: did it accept an earlier attempt whose outcome is unknown? */
export interface Question {
  /**
   * The submission's handle (the hash of its id). The attempt had it in its Message-ID (`<handle@From domain>`), Mailgun
   * variable, Postmark metadata or SES tag.
   */
  readonly handle: string;
  /** The Message-ID of the attempt, with angle brackets. */
  readonly messageId: string;
  /** Canonical addresses of the recipients of the attempt. */
  readonly recipients: readonly string[];
  /** When the attempt began, in epoch milliseconds. */
  readonly begunAt: number;
  /** Time limit of the answer, in milliseconds. */
  readonly deadlineMs: number;
  readonly connectMs: number;
}

/**
 * Answer to a {@link Question}. `found`: the recipients for which the provider has the message, each with the provider's message
 * id. For all other recipients the provider does not have the message. `cannot-say`: the provider gave no usable answer.
 */
export type LookupAnswer =
  | { readonly kind: 'answered'; readonly found: ReadonlyMap<string, string> }
  | { readonly kind: 'cannot-say'; readonly reason: string; readonly detail?: string };

/** Time limits of a health check. */
export interface HealthLimits {
  readonly deadlineMs: number;
  readonly connectMs: number;
}

/** Result of a health check. The check finds out whether an account may send, without sending mail. */
export interface Health {
  /** `unreachable` says nothing about the account: there was no usable answer. */
  readonly state: 'healthy' | 'account-refused' | 'unreachable';
  /**
   * Stable kebab-case code: `account-suspended`, `sandbox`, `authentication`, `connect-timeout`, …; for a healthy account, the
   * code of a warning.
   */
  readonly reason?: string;
  /** The provider's own words, at most 500 characters, addresses masked. */
  readonly detail?: string;
  /** Fraction of the provider's sending quota that is still free, from 0 to 1, if the provider reports the quota. */
  readonly quotaHeadroom?: number;
  /** Number of recipients that the account may mail in a day, if the provider reports it; infinite if there is no limit. */
  readonly capacityPerDay?: number;
  /** Whether the provider has put the account under review. Such an account may still send. Absent if unknown. */
  readonly underReview?: boolean;
}

/** A configured provider that can send. It is created once per process, and keeps its connections open between invocations. */
export interface Provider {
  /** Sends to all recipients of an attempt. Nothing that the provider, the network or a recipient does makes it throw. */
  send(attempt: Attempt): Promise<AttemptResult>;
  /**
   * Asks whether an earlier attempt was accepted. Absent if the provider cannot be asked (SES, SendGrid, SMTP): then only its
   * delivery events show whether it accepted the attempt. Never throws.
   */
  lookup?(question: Question): Promise<LookupAnswer>;
  /** Asks whether the account may send, without sending mail. Never throws. */
  health?(limits: HealthLimits): Promise<Health>;
  /** Closes the connections that are kept open. */
  close?(): void;
}

/** Dependencies of the code of a provider. */
export interface ProviderContext<Options> {
  readonly key: string;
  readonly options: Options;
  /** The parsed JSON of the provider's secret; an empty object for a provider without a secret. */
  readonly secret: Readonly<Record<string, string>>;
  /** Set if no mail may be delivered: the provider's test mode is used. */
  readonly sandbox?: true;
  /**
   * URL that replaces the provider's public endpoint, such as `http://127.0.0.1:4710` or `smtp://127.0.0.1:4713`. It is set on a
   * local stack only.
   */
  readonly endpoint?: string;
}

/** Runtime part of a provider type, loaded only when a provider of that type is first used. */
export interface ProviderModule<Options> {
  create(context: ProviderContext<Options>): Provider;
}

/**
 * Limits of one call to a provider. They are checked before the attempt. A provider that cannot carry a message is skipped, and
 * this does not count as a failure.
 */
export interface Limits {
  /** Largest size of a message in bytes, as the provider counts it: after base64 encoding. */
  readonly maxBytes: number;
  /** Largest number of recipients (To, Cc and Bcc together) in one call. */
  readonly maxRecipients: number;
  /** Largest `text` or `html` body in bytes, if the provider limits it separately. */
  readonly maxBodyBytes?: number;
  /** Whether addresses with non-ASCII local parts can be carried. */
  readonly smtpUtf8: boolean;
  /** Whether addresses with a quoted local part (`"a b"@x`) can be carried. */
  readonly quotedLocalPart: boolean;
  /**
   * Whether a message with several recipients needs an address in To or Cc, since the provider cannot carry a message whose
   * recipients are all in Bcc.
   */
  readonly visibleRecipient?: boolean;
  /**
   * Characters that a local part may not have, in addition to the characters that {@link quotedLocalPart} and {@link smtpUtf8}
   * exclude.
   */
  readonly forbiddenInLocalPart?: string;
  /**
   * Whether empty attachments can be carried.
   * @default true
   */
  readonly emptyAttachments?: false;
  /**
   * Whether a calendar invitation can be carried as an alternative to the text.
   * @default true
   */
  readonly calendar?: false;
  /** Characters that file names and Content-IDs of attachments may not have. */
  readonly forbiddenInAttachmentNames?: string;
  /** Attachment file extensions that the provider refuses, lower case, without the dot. */
  readonly forbiddenExtensions?: readonly string[];
}

/**
 * A provider's own metric of the bounces or complaints of a whole account: a fraction, from 0 to 1, of the mail that the account
 * sent.
 */
export interface ReputationMetric {
  /** Title of the alarm for this metric. */
  readonly title: string;
  readonly of: 'bounces' | 'complaints';
  readonly namespace: string;
  readonly name: string;
  /** The alarm is raised at this value and above. The value is lower than the value at which the provider reviews the account. */
  readonly alarmFrom: number;
}

/**
 * A provider type: data for deployment and routing, and loaders of its code. Importing a definition loads no SDK and has no side
 * effects.
 *
 * `Inbound` is `never` for a type that only sends.
 */
export interface ProviderDefinition<Options = object, Inbound = unknown> {
  /** Name of the type, and of the folder with its code. */
  readonly type: string;
  /** Name of the provider company or of the protocol, in the spelling of its own pages. */
  readonly title: string;
  /** Never set: it only carries the TypeScript types of an entry's `options` and `inbound`. */
  readonly types?: { readonly options: Options; readonly inbound: Inbound };
  /** Returns the check of the options. The TypeScript type of the options is derived from this check. */
  checkOptions(fields: OptionFields): ZodType<Loose<Options>>;
  /** Returns messages about further faults in the options, after `checkOptions` has accepted them. */
  problems?(options: Options, fromDomains?: readonly string[]): readonly string[];
  readonly limits: Limits;
  /** Returns the limits that the options change. */
  limitsOf?(options: Options): Partial<Limits>;
  /** Returns the only domains and addresses that may be used in From. Absent if the options cannot restrict From. */
  fromDomains?(options: Options): readonly string[];
  /**
   * Returns the host that identifies the company behind a provider (its vendor), if the type is a protocol such as SMTP. Absent
   * for any other type: the name of the type then identifies the company.
   */
  vendorHost?(options: Options): string;
  /**
   * Returns the options that locate the messages of an account. They are stored so that a look-up works even after the provider's
   * key in the configuration or its options have changed.
   */
  account?(options: Options): Readonly<Record<string, string>>;
  readonly permissions?: AwsPermissions<Options>;
  /** Names of the fields that the provider's secret (a JSON object) must have; empty if it needs no secret. */
  readonly secretFields: readonly string[];
  /** Sentence for docs/deploy.md about the treatment of mail in the stage `sandbox`, where nothing may be delivered. */
  readonly sandbox: string;
  /** Whether the provider can be asked about a message: the object that its code creates has a `lookup`. */
  readonly askable: boolean;
  /** Names of the CloudWatch metrics that the provider's health check measures. */
  readonly gauges?: readonly ('QuotaHeadroom' | 'UnderReview')[];
  /** Rates of bounces and complaints that the provider itself writes to CloudWatch; absent if it writes none. */
  readonly reputation?: {
    /** Returns the region of the account; undefined for the region of the stack. */
    region(options: Options): string | undefined;
    readonly metrics: readonly ReputationMetric[];
  };
  /**
   * Loads the code that sends, together with its SDK. It must contain a literal `import()`, from which the bundler makes a chunk.
   */
  load(): Promise<ProviderModule<Options>>;
  /** How delivery events of this type are reported and read; absent if the type has no delivery events of its own. */
  readonly events?: EventsDefinition<Options>;
  /** The provider's own suppression list; absent if it has none. */
  readonly ownList?: {
    /** Largest number of entries that a run of the mirror function adds to the provider's list. */
    readonly mostAdded: number;
    load(): Promise<OwnListModule>;
  };
  /** How providers of this type receive mail; absent if the type cannot receive mail. */
  readonly inbound?: InboundDefinition<Options, Inbound>;
}

/**
 * Returns the limits of a configured provider by its type and options. Lower limits in the provider's entry of the configuration
 * are not applied yet.
 */
export function limitsOf({ options }: { readonly options: object }, definition: ProviderDefinition): Limits {
  return { ...definition.limits, ...definition.limitsOf?.(options) };
}
