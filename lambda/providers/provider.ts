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
   * Groups of recipients that need a separate call for each group: the groups that an earlier attempt at this provider returned
   * in `apart` of {@link AttemptResult}, and single recipients that this provider has refused. All other recipients form one more
   * group.
   */
  readonly apart?: readonly (readonly string[])[];
  /**
   * Returns the composed MIME message, without a Bcc header and with CRLF line ends. Attempts of the same submission share the
   * message, so it is usually composed once.
   */
  mime(): Promise<Buffer>;
  /**
   * Whether opens and clicks are tracked. Mailgun, Postmark and SendGrid get both values with each message, so the default of the
   * account has no effect (except Postmark's server setting "Track opens"). SES tracks through configuration sets. SMTP servers
   * get no value.
   */
  readonly tracking: Tracking;
  /** Number of this attempt: 1 for the first attempt at the submission. Retries and other providers continue the count. */
  readonly number: number;
  /** Time limit of this attempt, in milliseconds. */
  readonly deadlineMs: number;
  /**
   * Time limit of each call of this attempt, in milliseconds, calculated from the provider's recent response times. If it is
   * absent, only `deadlineMs` applies.
   */
  readonly answerMs?: number;
  /** Time limit of the DNS look-up, the TCP connection and the TLS handshake together, in milliseconds. */
  readonly connectMs: number;
}

/** The look-up of an earlier attempt whose outcome is unknown: did the provider accept the message? */
export interface Question {
  /**
   * The submission's handle (the hash of its id). The mail of the attempt contains the handle in its Message-ID (`<handle@From
   * domain>`) and in a custom variable (Mailgun variable, Postmark metadata, SendGrid custom argument or SES tag).
   */
  readonly handle: string;
  /** The Message-ID of the attempt, with angle brackets. */
  readonly messageId: string;
  /** Canonical addresses of the recipients of the attempt. */
  readonly recipients: readonly string[];
  /** Time at which the attempt began, in epoch milliseconds. */
  readonly begunAt: number;
  /** Time limit of the answer, in milliseconds. */
  readonly deadlineMs: number;
  readonly connectMs: number;
}

/**
 * Answer to a {@link Question}. `found`: the provider's message ids, by the addresses of the recipients for which the provider
 * has the message. For all other recipients the provider does not have the message. `cannot-say`: there was no usable answer.
 */
export type LookupAnswer =
  | { readonly kind: 'answered'; readonly found: ReadonlyMap<string, string> }
  | { readonly kind: 'cannot-say'; readonly reason: string; readonly detail?: string };

/** Time limits of a health check. */
export interface HealthLimits {
  readonly deadlineMs: number;
  readonly connectMs: number;
}

/** Result of a health check, which determines whether an account may send. The check sends no mail. */
export interface Health {
  /** `unreachable`: there was no usable answer. This state says nothing about the account. */
  readonly state: 'healthy' | 'account-refused' | 'unreachable';
  /**
   * Stable kebab-case code: `account-suspended`, `sandbox`, `authentication`, `connect-timeout`, …; for a healthy account, the
   * code of a warning.
   */
  readonly reason?: string;
  /** Text of the provider, at most 500 characters and with addresses masked, or a text of Mailover about the fault. */
  readonly detail?: string;
  /**
   * Fraction of the account's sending quota that is still free, from 0 to 1; absent if the provider does not report the quota.
   */
  readonly quotaHeadroom?: number;
  /**
   * Number of recipients to which the account may send in a day; infinite if there is no limit, absent if the provider does not
   * report it.
   */
  readonly capacityPerDay?: number;
  /** Whether the provider is reviewing the account, which may still send meanwhile. Absent if the provider does not report it. */
  readonly underReview?: boolean;
}

/**
 * A configured provider that can send. A process creates the object once, and again when the secret changes. The object keeps
 * keep-alive connections between invocations.
 */
export interface Provider {
  /**
   * Sends to all recipients of an attempt. Every failure of the provider, of the network or for a recipient is a part of the
   * result, and is not thrown.
   */
  send(attempt: Attempt): Promise<AttemptResult>;
  /**
   * Asks the provider whether it accepted the message of an earlier attempt. Absent if the provider cannot be asked (SES,
   * SendGrid, SMTP). At such a provider, only delivery events show whether the message was accepted. Never throws.
   */
  lookup?(question: Question): Promise<LookupAnswer>;
  /** Asks whether the account may send, without sending mail. Never throws. */
  health?(limits: HealthLimits): Promise<Health>;
  /** Closes the keep-alive connections. */
  close?(): void;
}

/** Dependencies of the code of a provider. */
export interface ProviderContext<Options> {
  readonly key: string;
  readonly options: Options;
  /** The parsed JSON of the provider's secret; an empty object for a provider without a secret. */
  readonly secret: Readonly<Record<string, string>>;
  /** Set in the stage `sandbox`, where no mail may be delivered. The provider's test mode is used if there is one. */
  readonly sandbox?: true;
  /**
   * URL that replaces the provider's public endpoint, such as `http://127.0.0.1:4710` or `smtp://127.0.0.1:4713`. It is set on a
   * local stack, and for the sample mail of a new process.
   */
  readonly endpoint?: string;
}

/** The code of a provider type that runs in Lambda. It is loaded when a provider of this type is first used or prepared. */
export interface ProviderModule<Options> {
  create(context: ProviderContext<Options>): Provider;
}

/**
 * Limits of one call to a provider. They are checked before the attempt. A provider whose limits a message exceeds is skipped,
 * and the skip does not count as a failure.
 */
export interface Limits {
  /** Largest size of a message in bytes, after base64 encoding. */
  readonly maxBytes: number;
  /** Largest number of recipients (To, Cc and Bcc together) in one call. */
  readonly maxRecipients: number;
  /** Largest size of the `text` and of the `html` body, each in bytes; absent if the provider has no separate limit for them. */
  readonly maxBodyBytes?: number;
  /** Whether the provider supports addresses with non-ASCII local parts. */
  readonly smtpUtf8: boolean;
  /** Whether the provider supports addresses with a quoted local part, such as `"a b"@example.org`. */
  readonly quotedLocalPart: boolean;
  /**
   * Whether a message with several recipients needs an address in To or Cc. Such a provider cannot send one message to several
   * Bcc recipients only.
   */
  readonly visibleRecipient?: boolean;
  /**
   * Characters that the provider does not allow in a local part, in addition to the characters that {@link quotedLocalPart} and
   * {@link smtpUtf8} exclude.
   */
  readonly forbiddenInLocalPart?: string;
  /**
   * Whether the provider supports empty attachments.
   * @default true
   */
  readonly emptyAttachments?: false;
  /**
   * Whether the provider can send a calendar invitation as an alternative to the text.
   * @default true
   */
  readonly calendar?: false;
  /** Characters that the provider does not allow in file names and Content-IDs of attachments. */
  readonly forbiddenInAttachmentNames?: string;
  /** File extensions of attachments that the provider refuses, in lower case and without the dot. */
  readonly forbiddenExtensions?: readonly string[];
}

/**
 * A CloudWatch metric in which a provider reports the rate of bounces or complaints of a whole account: a fraction, from 0 to 1,
 * of the mail that the account sent.
 */
export interface ReputationMetric {
  /** Title of the alarm for this metric. */
  readonly title: string;
  readonly of: 'bounces' | 'complaints';
  readonly namespace: string;
  readonly name: string;
  /** The alarm is raised at this rate and above. The provider reviews the account only at a higher rate. */
  readonly alarmFrom: number;
}

/**
 * Definition of a provider type: its properties for deployment and routing, and functions that load its code. Importing a
 * definition loads no SDK and has no side effects.
 *
 * The type parameter `Inbound` is `never` for a type that only sends.
 */
export interface ProviderDefinition<Options = object, Inbound = unknown> {
  /** Name of the type, and of the folder with its code. */
  readonly type: string;
  /** Name of the provider company or of the protocol, in the spelling of its own pages. */
  readonly title: string;
  /**
   * Never set. It exists for TypeScript only: it contains the types of `options` and `inbound` in an entry of the configuration.
   */
  readonly types?: { readonly options: Options; readonly inbound: Inbound };
  /** Returns the check of the options. The TypeScript type of the options is derived from this check. */
  checkOptions(fields: OptionFields): ZodType<Loose<Options>>;
  /**
   * Returns an error text for each problem in options that `checkOptions` accepts, such as two options that contradict each
   * other. The argument `fromDomains` is the provider's own setting of this name.
   */
  problems?(options: Options, fromDomains?: readonly string[]): readonly string[];
  readonly limits: Limits;
  /** Returns the limits that the options set in place of `limits`. */
  limitsOf?(options: Options): Partial<Limits>;
  /** Returns the domains and addresses to which the options restrict From. Absent if the options cannot restrict From. */
  fromDomains?(options: Options): readonly string[];
  /**
   * Returns the host that identifies the company behind a provider (its vendor). Only a type that is a protocol, such as SMTP,
   * has this function. For any other type, the name of the type identifies the company.
   */
  vendorHost?(options: Options): string;
  /**
   * Returns the options with which a look-up finds the messages of an account. Mailover stores these options with each attempt,
   * so that a look-up works even after the provider's key or options have changed in the configuration.
   */
  account?(options: Options): Readonly<Record<string, string>>;
  readonly permissions?: AwsPermissions<Options>;
  /** Names of the fields that the provider's secret (a JSON object) must have; empty if it needs no secret. */
  readonly secretFields: readonly string[];
  /** Sentence for docs/deploy.md about the treatment of mail in the stage `sandbox`, where nothing may be delivered. */
  readonly sandbox: string;
  /**
   * Whether the provider can be asked about an earlier attempt. If so, its code must create an object with the method `lookup`.
   */
  readonly askable: boolean;
  /** Names of the CloudWatch metrics for which the provider's health check returns values. */
  readonly gauges?: readonly ('QuotaHeadroom' | 'UnderReview')[];
  /** Rates of bounces and complaints that the provider itself writes to CloudWatch; absent if it writes none. */
  readonly reputation?: {
    /** Returns the region of the account; undefined for the region of the stack. */
    region(options: Options): string | undefined;
    readonly metrics: readonly ReputationMetric[];
  };
  /**
   * Loads the code that sends, together with its SDK. The function must contain a literal `import()`, so that the bundler can put
   * the code into a separate chunk.
   */
  load(): Promise<ProviderModule<Options>>;
  /** Channel on which the type reports delivery events, and the code that reads them; absent if the type reports none. */
  readonly events?: EventsDefinition<Options>;
  /** The provider's own suppression list; absent if it has none. */
  readonly ownList?: {
    /**
     * Largest number of entries that one run of the mirror function adds to the provider's list; 0 if the API cannot add entries.
     */
    readonly mostAdded: number;
    load(): Promise<OwnListModule>;
  };
  /** The way in which providers of this type receive mail; absent if the type cannot receive mail. */
  readonly inbound?: InboundDefinition<Options, Inbound>;
}

/**
 * Returns the limits of a configured provider, which follow from its type and options. This function does not apply the lower
 * limits in the field `limits` of the provider's entry.
 */
export function limitsOf({ options }: { readonly options: object }, definition: ProviderDefinition): Limits {
  return { ...definition.limits, ...definition.limitsOf?.(options) };
}
