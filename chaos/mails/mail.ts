/** Property that distinguishes a mail from a plain one. */
export type Trait =
  | 'plain'
  /** Every provider refuses it as bad. */
  | 'bad'
  /** Not a submission at all. */
  | 'malformed'
  /** A submission with the version of a later release. */
  | 'future'
  /** A mail with the id of an earlier mail and another content. */
  | 'conflict'
  /** The producer sends it again, seconds to days later, since it got no answer the first time. */
  | 'repeated'
  /** Sends an earlier mail again, under an id of its own. */
  | 'superseding'
  /** A submission that is in the bucket as a whole. */
  | 'stored'
  /** A submission that refers to an object that does not exist. */
  | 'missing'
  /** A submission of the largest size that the outbound queue takes. */
  | 'large';

/** Beginning of addresses whose mailbox does not exist: their mail bounces, within half a minute. */
export const GONE = 'gone-';

export type UnknownPolicy = 'ask' | 'failover' | 'hold';

export interface ProducerAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
  /** S3 key; absent if its bytes are in the submission. */
  readonly key?: string;
}

/** Content that a recipient must find in a mail. */
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
  /** Place in the run, from 0; the subject ends with it, for readers of a trace. */
  readonly index: number;
  /** Absent if the producer gave none. */
  readonly id?: string;
  readonly trait: Trait;
  readonly body: string;
  /** Message attributes of the producer, which must be ignored. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Its S3 objects, by key. */
  readonly objects: readonly { readonly key: string; readonly content: Buffer }[];
  readonly content: ExpectedContent;
  readonly recipients: readonly string[];
  /** Times at which the producer sends it, in epoch milliseconds; several if it repeats the mail. */
  readonly sendAt: readonly number[];
  readonly class?: string;
  /** Epoch milliseconds. */
  readonly expiresAt?: number;
  /** Expiry of its class after the first receive, in milliseconds; `expiresAt` takes precedence. */
  readonly lastsMs?: number;
  readonly onUnknown: UnknownPolicy;
  /** Providers that it may use, best first where `ordered`. */
  readonly usable: readonly string[];
  /** The producer or the class has named the order of the providers. */
  readonly ordered: boolean;
  /** Sent after the last fault. */
  readonly calm?: true;
  /** It names a provider that the route of its class forbids: it must not be offered to any provider. */
  readonly forbidden?: true;
  /** A canary over its one provider, which is given up if it is not accepted. */
  readonly canary?: true;
  /** Part of the exercise to which it belongs. */
  readonly part?: string;
  /** Id of the mail that it sends again. */
  readonly supersedes?: string;
}
