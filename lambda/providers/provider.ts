import type { ZodType } from 'zod';
import type { Message, Tracking } from '../mail/message.ts';
import type { AttemptResult } from '../mail/outcome.ts';
import type { AwsPermissions } from './aws-permissions.ts';
import type { EventsDefinition } from './events-definition.ts';
import type { InboundModule, NotificationModule } from './inbound.ts';
import type { MissedModule } from './missed.ts';
import type { Loose, OptionFields } from './option-fields.ts';
import type { OwnListModule } from './own-list.ts';

/** One call to one provider for one submission. */
export interface Attempt {
  readonly message: Message;
  /** Addresses still to be served; a subset of the message's To, Cc and Bcc, never empty. */
  readonly recipients: readonly string[];
  /** Groups of recipients that this provider has to be offered by themselves, as in {@link AttemptResult}. */
  readonly apart?: readonly (readonly string[])[];
  /** The composed MIME message without Bcc header, CRLF line ends; built once per submission and shared by all attempts. */
  mime(): Promise<Buffer>;
  /** Passed to every provider that tracks, so that no default of an account decides. */
  readonly tracking: Tracking;
  /** 1 for the first attempt at this submission, counted over all retries. */
  readonly number: number;
  /** Time limit of this attempt, in milliseconds. */
  readonly deadlineMs: number;
  /** Time limit of each call of this attempt, in milliseconds, for a provider that has answered in a fraction of it of late. */
  readonly answerMs?: number;
  /** Time limit of DNS, TCP and TLS together, in milliseconds. */
  readonly connectMs: number;
}

/** A question about an attempt with an unknown outcome. */
export interface Question {
  /** The handle in the attempt: Message-ID (`<handle@From domain>`), Mailgun variable, Postmark metadata, SES tag. */
  readonly handle: string;
  /** The Message-ID of the attempt, with angle brackets. */
  readonly messageId: string;
  /** Recipients of the attempt, by canonical address. */
  readonly recipients: readonly string[];
  /** When the attempt began, in epoch milliseconds. */
  readonly begunAt: number;
  /** Time limit of the answer, in milliseconds. */
  readonly deadlineMs: number;
  readonly connectMs: number;
}

/**
 * Answer about such an attempt. `found`: the recipients for which the provider has the message, with its message id; it
 * has none for the others. `cannot-say`: it was unreachable, or refused to answer.
 */
export type LookupAnswer =
  | { readonly kind: 'answered'; readonly found: ReadonlyMap<string, string> }
  | { readonly kind: 'cannot-say'; readonly reason: string; readonly detail?: string };

/** Time limits of a health check. */
export interface HealthLimits {
  readonly deadlineMs: number;
  readonly connectMs: number;
}

/** Whether an account may send, found out without sending. */
export interface Health {
  /** `unreachable` says nothing about the account: there was no usable answer. */
  readonly state: 'healthy' | 'account-refused' | 'unreachable';
  /**
   * Stable kebab-case code: `account-suspended`, `sandbox`, `authentication`, `connect-timeout`, …; for a healthy
   * account, a warning.
   */
  readonly reason?: string;
  /** The provider's own words, at most 500 characters, addresses masked. */
  readonly detail?: string;
  /** Free fraction of the provider's sending quota, from 0 to 1, if the provider reports it. */
  readonly quotaHeadroom?: number;
  /** Recipients that the account may have in a day, if the provider reports it; infinite without a limit. */
  readonly capacityPerDay?: number;
  /** Whether the vendor reviews the account, which may still send; absent if unknown. */
  readonly underReview?: boolean;
}

/** A configured provider that can send. Created once per process; keeps its connections between invocations. */
export interface Provider {
  /** Never throws for anything that the provider, the network or a recipient does. */
  send(attempt: Attempt): Promise<AttemptResult>;
  /**
   * Asks whether an earlier attempt was accepted. Absent where the provider cannot be asked (SES, SMTP): only its
   * delivery events report it. Never throws.
   */
  lookup?(question: Question): Promise<LookupAnswer>;
  /** Asks whether the account may send, without sending. Never throws. */
  health?(limits: HealthLimits): Promise<Health>;
  /** Closes kept connections. */
  close?(): void;
}

/** Dependencies of the code of a provider. */
export interface ProviderContext<Options> {
  readonly key: string;
  readonly options: Options;
  /** The parsed JSON of the provider's secret; an empty object for a provider without one. */
  readonly secret: Readonly<Record<string, string>>;
  /** Nothing may be delivered: the provider's test mode is used. */
  readonly sandbox?: true;
  /**
   * Replaces the provider's public endpoint (`http://127.0.0.1:4710`, `smtp://127.0.0.1:4713`); set on a local stack
   * only.
   */
  readonly endpoint?: string;
}

/** Runtime part of a provider type, loaded only when a provider of that type is first used. */
export interface ProviderModule<Options> {
  create(context: ProviderContext<Options>): Provider;
}

/**
 * Limits of one call, checked before the attempt: a provider that cannot carry a message is skipped, which is not a
 * failure.
 */
export interface Limits {
  /** Largest message in bytes as the provider counts it, after base64. */
  readonly maxBytes: number;
  /** Largest number of recipients (To, Cc and Bcc together) in one call. */
  readonly maxRecipients: number;
  /** Largest `text` or `html` body in bytes, if the provider limits it separately. */
  readonly maxBodyBytes?: number;
  /** Whether addresses with non-ASCII local parts can be carried. */
  readonly smtpUtf8: boolean;
  /** Whether addresses with a quoted local part (`"a b"@x`) can be carried. */
  readonly quotedLocalPart: boolean;
  /** Whether a message needs a To or Cc, or at most one recipient: the provider cannot carry several Bcc alone. */
  readonly visibleRecipient?: boolean;
  /** Characters that a local part may not have, in addition to those of {@link quotedLocalPart} and {@link smtpUtf8}. */
  readonly forbiddenInLocalPart?: string;
  /**
   * Whether empty attachments can be carried.
   * @default true
   */
  readonly emptyAttachments?: false;
  /**
   * Whether an invitation can be carried as an alternative to the text.
   * @default true
   */
  readonly calendar?: false;
  /** Characters that file names and Content-IDs of attachments may not have. */
  readonly forbiddenInAttachmentNames?: string;
  /** Attachment file extensions that the provider refuses, lower case, without the dot. */
  readonly forbiddenExtensions?: readonly string[];
}

/** Headers that a provider's own filter writes to received mail. */
export interface FilterHeaders {
  readonly flag: string;
  readonly score: string;
  readonly spf: string;
  readonly dkim: string;
  /** Header with SpamAssassin's tests, some of which are about DKIM. */
  readonly tests?: string;
  /** Name of the provider's servers in Authentication-Results. */
  readonly server: RegExp;
}

/** What receiving mail needs of a type, whether the provider posts the mail or puts it into a bucket. */
interface InboundDefinition<Inbound> {
  checkOptions(fields: OptionFields): ZodType<Loose<Inbound>>;
  /** Domains and addresses that mail is received for, if the options name them. */
  received?(inbound: Inbound): readonly string[];
  /** Headers that the provider's own filter writes. */
  readonly filterHeaders: FilterHeaders;
  /** Fields that the secret for received mail must have; empty if it needs none. */
  readonly secretFields: readonly string[];
  /** Optional fields: an older key that is still accepted, or a field that only some routes need. */
  readonly optionalSecretFields: readonly string[];
}

/** Receiving mail that the provider posts to the HTTP API. */
interface PostedInbound<Options, Inbound> {
  readonly over: 'http';
  /** Last parts of the path, after the secret one, to which the provider also posts. */
  readonly pathEnds?: readonly string[];
  /** Loads the code that reads posted mail, without an SDK. */
  load(): Promise<{ readonly inbound: InboundModule }>;
  /** Asking for received mail that did not arrive; absent if the provider lists none. */
  readonly missed?: {
    /** Options of the requests. */
    options(options: Options, inbound: Inbound): object;
    /** Whether the requests need the secret of the sending account as well. */
    readonly needsAccount?: true;
    load(): Promise<MissedModule>;
  };
}

/** Receiving mail that a receipt rule of SES writes to the mail bucket, with a notification on a queue. */
interface WrittenInbound<Inbound> {
  readonly over: 'bucket';
  receiptRule(inbound: Inbound): ReceiptRule;
  /** Loads the code that reads the notifications, without an SDK. */
  load(): Promise<NotificationModule>;
}

/** A rate of the whole account, as a part of its mail from 0 to 1. */
export interface ReputationMetric {
  /** Title of its alarm. */
  readonly title: string;
  readonly of: 'bounces' | 'complaints';
  readonly namespace: string;
  readonly name: string;
  /** Rate from which the alarm is raised: below the one from which the vendor acts. */
  readonly alarmFrom: number;
}

/** A receipt rule of SES. */
export interface ReceiptRule {
  /** Domains and addresses whose mail the rule takes. */
  readonly recipients: readonly string[];
  /** Name of the rule set that gets the rule; a new one, which still has to be made active, if there is none. */
  readonly ruleSetName?: string | undefined;
}

/**
 * A provider type: data for deployment and routing, and loaders of its code. Importing it loads no SDK and has no effects.
 *
 * `Inbound` is `never` for a type that only sends.
 */
export interface ProviderDefinition<Options = object, Inbound = unknown> {
  /** Name of its folder. */
  readonly type: string;
  /** Name of the vendor or the protocol, as its own pages write it. */
  readonly title: string;
  /** Never set: the types of an entry's `options` and `inbound`. */
  readonly types?: { readonly options: Options; readonly inbound: Inbound };
  /** The check of the options, from which their type is derived. */
  checkOptions(fields: OptionFields): ZodType<Loose<Options>>;
  /** Faults of options that have their form. */
  problems?(options: Options, fromDomains?: readonly string[]): readonly string[];
  readonly limits: Limits;
  /** Limits that the options change. */
  limitsOf?(options: Options): Partial<Limits>;
  /** Domains and addresses that alone may be used in From, if the options name them. */
  fromDomains?(options: Options): readonly string[];
  /** Host of the company behind a provider, for a type that is a protocol: by default, the type is the vendor. */
  vendorHost?(options: Options): string;
  /** What locates the messages of an account, for a question after its key or its options have changed. */
  account?(options: Options): Readonly<Record<string, string>>;
  readonly permissions?: AwsPermissions<Options>;
  /** Names of the fields that the provider's secret (a JSON object) must have; empty if it needs no secret. */
  readonly secretFields: readonly string[];
  /** What the code of the type does with mail in the sandbox, where nothing may be delivered: a sentence for docs/deploy.md. */
  readonly sandbox: string;
  /** Whether the provider can be asked about a message: its code has a `lookup`. */
  readonly askable: boolean;
  /** Gauges that its health check measures. */
  readonly gauges?: readonly ('QuotaHeadroom' | 'UnderReview')[];
  /** Rates that the vendor itself writes to CloudWatch; absent if it does not. */
  readonly reputation?: {
    /** Region of the account; that of the stack if undefined. */
    region(options: Options): string | undefined;
    readonly metrics: readonly ReputationMetric[];
  };
  /** Loads the code that sends, with its SDK; a literal `import()`, from which the bundler makes a chunk. */
  load(): Promise<ProviderModule<Options>>;
  /** Delivery events of this type; absent if it has none of its own. */
  readonly events?: EventsDefinition<Options>;
  /** The provider's own list of addresses that it does not mail; absent if it has none. */
  readonly ownList?: {
    /** Largest number of entries that are added to it in one run. */
    readonly mostAdded: number;
    load(): Promise<OwnListModule>;
  };
  /** Receiving mail with this type; absent if it cannot. */
  readonly inbound?: InboundDefinition<Inbound> & (PostedInbound<Options, Inbound> | WrittenInbound<Inbound>);
}

/** The limits of a configured provider, without those that its entry lowers. */
export function limitsOf({ options }: { readonly options: object }, definition: ProviderDefinition): Limits {
  return { ...definition.limits, ...definition.limitsOf?.(options) };
}
