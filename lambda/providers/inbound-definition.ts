import type { ZodType } from 'zod';
import type { InboundModule, NotificationModule } from './inbound.ts';
import type { MissedModule } from './missed.ts';
import type { Loose, OptionFields } from './option-fields.ts';

/** How a provider type receives mail, with the code that reads it. */
export type InboundDefinition<Options, Inbound> = EveryInbound<Inbound> &
  (PostedInbound<Options, Inbound> | WrittenInbound<Inbound>);

/** Names of the headers that a provider's own spam filter writes to received mail. */
export interface FilterHeaders {
  readonly flag: string;
  readonly score: string;
  readonly spf: string;
  readonly dkim: string;
  /** Header that lists SpamAssassin's tests; some of these tests are about DKIM. */
  readonly tests?: string;
  /** Pattern of the name that the provider's servers use for themselves in the header Authentication-Results. */
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
  /** Optional fields of this secret: an older key that is still accepted, or a field that only some ways of receiving need. */
  readonly optionalSecretFields: readonly string[];
}

/** How mail is received if the provider posts it to Mailover's HTTP API. */
interface PostedInbound<Options, Inbound> {
  readonly over: 'http';
  /** Path segments that may follow the secret segment in the URL. The provider also posts to URLs that end with these segments. */
  readonly pathEnds?: readonly string[];
  /** Loads the code that reads posted mail, but loads no SDK. */
  load(): Promise<{ readonly inbound: InboundModule }>;
  /**
   * Queries the provider for mail that it received, but that did not arrive here. Absent if the provider cannot list received
   * mail.
   */
  readonly missed?: {
    /** Returns the options of the queries. */
    options(options: Options, inbound: Inbound): object;
    /** Whether the queries need the secret of the sending account as well. */
    readonly needsAccount?: true;
    load(): Promise<MissedModule>;
  };
}

/** How mail is received if a receipt rule of SES writes it to the S3 bucket for mail and a notification arrives on an SQS queue. */
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
   * Name of the rule set to which the rule is added. If it is absent, a new rule set is created, and an operator has to make this
   * set active.
   */
  readonly ruleSetName?: string | undefined;
}
