import type { ZodType } from 'zod';
import type { InboundModule, NotificationModule } from './inbound.ts';
import type { MissedModule } from './missed.ts';
import type { Loose, OptionFields } from './option-fields.ts';

/** The way in which a provider type receives mail, and the code that reads this mail. */
export type InboundDefinition<Options, Inbound> = EveryInbound<Inbound> &
  (PostedInbound<Options, Inbound> | WrittenInbound<Inbound>);

/**
 * Names of the headers that a provider's own spam filter writes to received mail. An empty name means that there is no such
 * header.
 */
export interface FilterHeaders {
  readonly flag: string;
  readonly score: string;
  readonly spf: string;
  readonly dkim: string;
  /** Header that lists the SpamAssassin tests that matched; some of these tests are about DKIM. */
  readonly tests?: string;
  /** Pattern of the names that the provider's servers write as their own name into the header Authentication-Results. */
  readonly server: RegExp;
}

/**
 * Properties of every provider type that receives mail, whether the provider posts the mail over HTTP or writes it to an S3
 * bucket.
 */
interface EveryInbound<Inbound> {
  checkOptions(fields: OptionFields): ZodType<Loose<Inbound>>;
  /** Returns the domains and addresses for which mail is received, if the options name them. */
  received?(inbound: Inbound): readonly string[];
  /** Headers that the provider's own spam filter writes. */
  readonly filterHeaders: FilterHeaders;
  /** Fields that the secret for received mail must have; empty if no fields are needed. */
  readonly secretFields: readonly string[];
  /**
   * Optional fields of the secret for received mail: a previous key or password, which is still accepted during a rotation, or a
   * field that is not always needed (Mailgun's `apiKey` is needed only for stored mail).
   */
  readonly optionalSecretFields: readonly string[];
}

/** The way in which mail is received if the provider posts the mail to Mailover's HTTP API. */
interface PostedInbound<Options, Inbound> {
  readonly over: 'http';
  /**
   * Names of additional URLs. For each name, Mailover's HTTP API has a URL that has the name as a segment after the secret
   * segment.
   */
  readonly pathEnds?: readonly string[];
  /** Loads the code that reads posted mail, but loads no SDK. */
  load(): Promise<{ readonly inbound: InboundModule }>;
  /** Queries for mail that the provider received but Mailover did not. Absent if the provider cannot list received mail. */
  readonly missed?: {
    /** Returns the options of the queries. */
    options(options: Options, inbound: Inbound): object;
    /** Whether the queries need the secret of the sending account in addition to the secret for received mail. */
    readonly needsAccount?: true;
    load(): Promise<MissedModule>;
  };
}

/**
 * The way in which mail is received if a receipt rule of SES writes the mail to the S3 bucket for mail. A notification about each
 * mail arrives on an SQS queue.
 */
interface WrittenInbound<Inbound> {
  readonly over: 'bucket';
  receiptRule(inbound: Inbound): ReceiptRule;
  /** Loads the code that reads the notifications, but loads no SDK. */
  load(): Promise<NotificationModule>;
}

/** A receipt rule of SES. */
export interface ReceiptRule {
  /** Domains and addresses whose mail the rule accepts. */
  readonly recipients: readonly string[];
  /**
   * Name of the rule set to which the rule is added. If the name is absent, a new rule set is created, and an operator has to
   * make this set active.
   */
  readonly ruleSetName?: string | undefined;
}
