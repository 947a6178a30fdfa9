/** What makes a mail other than the plain one. */
export type Trait =
  | 'plain'
  /** Every provider calls it bad. */
  | 'bad'
  /** Not a submission at all. */
  | 'malformed'
  /** Written for a release to come. */
  | 'future'
  /** Has the id of an earlier mail, and another content. */
  | 'conflict'
  /** The producer sends it again, seconds to days later, since it heard no answer the first time. */
  | 'repeated'
  /** Sends an earlier mail again, under an id of its own. */
  | 'superseding'
  /** Lies in the bucket as a whole. */
  | 'stored'
  /** Refers to an object that does not exist. */
  | 'missing'
  /** As large as the outbound queue takes. */
  | 'large';

export type UnknownPolicy = 'ask' | 'failover' | 'hold';

/** An attachment as its producer has it. */
export interface ProducerAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
  /** Where the producer put it; absent: its bytes are in the submission. */
  readonly key?: string;
}

/** What a reader is to find in a mail. */
export interface Content {
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

/** One submission of the producers. */
export interface Mail {
  /** Place in the run, from 0; its subject ends with it, for people who read a trace. */
  readonly index: number;
  /** Absent: the producer gave none. */
  readonly id?: string;
  readonly trait: Trait;
  readonly body: string;
  /** What its producer sets beside the body, and nobody may believe. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** What lies in S3 for it, by key. */
  readonly objects: readonly { readonly key: string; readonly content: Buffer }[];
  readonly content: Content;
  readonly recipients: readonly string[];
  /** When the producer sends it, in epoch milliseconds; several times if it repeats itself. */
  readonly sendAt: readonly number[];
  readonly class?: string;
  /** Epoch milliseconds. */
  readonly expiresAt?: number;
  /** What its class allows after the first receive, in milliseconds; `expiresAt` goes before it. */
  readonly lastsMs?: number;
  readonly onUnknown: UnknownPolicy;
  /** Providers that it may use, best first where `ordered`. */
  readonly usable: readonly string[];
  /** The producer or the class has named the order of the providers. */
  readonly ordered: boolean;
  /** Sent when nothing is broken any more. */
  readonly calm?: true;
  /** It names a provider that the route of its class forbids: nobody may be given it. */
  readonly forbidden?: true;
  /** Mail of Mailover's own, which proves the way over its one provider; what does not get through is given up. */
  readonly canary?: true;
  /** Part of the exercise to which it belongs. */
  readonly part?: string;
  /** Id of the mail that it sends again. */
  readonly supersedes?: string;
}
