/** Property that distinguishes a mail from a plain mail. */
export type Trait =
  | 'plain'
  /** A mail that every provider refuses as a bad message. */
  | 'bad'
  /** A submission with a field that does not exist. */
  | 'malformed'
  /** A submission with a version number of the format that only a later release can read. */
  | 'future'
  /** A mail with the id of another mail and a different content. */
  | 'conflict'
  /** The producer sends the mail twice, like a producer that got no answer. The second time is up to three days after the first. */
  | 'repeated'
  /** The mail replaces an earlier mail, whose id is in `supersedes`. The two mails have different ids. */
  | 'superseding'
  /** The whole submission is an object in the S3 bucket. The queue message contains only a reference to this object. */
  | 'stored'
  /** A submission with a reference to an S3 object that does not exist. */
  | 'missing'
  /** A submission of nearly the largest size that the outbound queue accepts. */
  | 'large';

/** Prefix of the addresses whose mailbox does not exist: mail to such an address bounces within half a minute. */
export const GONE = 'gone-';

export type UnknownPolicy = 'ask' | 'failover' | 'hold';

export interface ProducerAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
  /** S3 key of the attachment's content; absent if the submission itself contains the bytes. */
  readonly key?: string;
}

/** Content that the delivered mail must have. */
export interface ExpectedContent {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo?: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly order?: string;
  readonly attachments: readonly ProducerAttachment[];
}

/** One submission of a producer. */
export interface Mail {
  /** Number of the mail, unique in the run. The subject ends with this number, which helps a reader of a trace. */
  readonly index: number;
  /** Id of the submission; absent if the producer set no id. */
  readonly id?: string;
  readonly trait: Trait;
  readonly body: string;
  /** Message attributes that the producer set. The sender must ignore these attributes unless the mail is a canary. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** S3 objects to which the submission refers. */
  readonly objects: readonly { readonly key: string; readonly content: Buffer }[];
  readonly content: ExpectedContent;
  readonly recipients: readonly string[];
  /** Times at which the producer sends the mail, in epoch milliseconds. There are two times if the producer sends the mail twice. */
  readonly sendAt: readonly number[];
  readonly class?: string;
  /** Epoch milliseconds. */
  readonly expiresAt?: number;
  /** Milliseconds from the first receive of the mail until its expiry, as configured for its class; absent if the mail has `expiresAt`. */
  readonly expiresAfterMs?: number;
  readonly onUnknown: UnknownPolicy;
  /** Providers over which the mail may be sent. If `ordered` is true, the list is in the order of preference. */
  readonly usable: readonly string[];
  /** Whether the submission or its class sets the order of the providers. */
  readonly ordered: boolean;
  /** The mail belongs to the quiet phase, which begins after the last random fault. */
  readonly quiet?: true;
  /**
   * The mail names a provider that the strict route of its class forbids. Therefore the sender must not call any provider for the
   * mail.
   */
  readonly forbidden?: true;
  /** The mail is a canary (a test mail) for its only provider. If this provider does not accept the canary, the sender drops the canary. */
  readonly canary?: true;
  /**
   * Name of the step in which the mail is sent, if it is sent in the scripted phase (a fixed list of steps at the end of a run).
   */
  readonly step?: string;
  /** Id of the earlier mail that this mail replaces. */
  readonly supersedes?: string;
}
