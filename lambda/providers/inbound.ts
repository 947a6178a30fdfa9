import type { InboundMessage } from '../contract/inbound.ts';
import type { Secret } from '../platform/secrets.ts';
import type { WebhookModule } from './webhook.ts';

/** A file of a mail, its bytes decoded. */
export interface ReceivedFile {
  readonly filename?: string;
  /** Media type, with its parameters if they are known. */
  readonly contentType: string;
  readonly content: Uint8Array;
  /** Content-ID, with or without angle brackets. */
  readonly contentId?: string;
  readonly contentLocation?: string;
  /** It was received as characters, not as bytes. */
  readonly wasText?: boolean;
  /** Whether the disposition says `inline`; references from the HTML are found later. */
  readonly inline: boolean;
}

/** A name and an address as parsed by a provider. */
export interface StatedMailbox {
  readonly name?: string;
  readonly address: string;
}

/**
 * Values that a provider states apart from the headers: subject and addresses override them, the rest is used where they
 * lack it.
 */
export interface Stated {
  /** Parsed, or as in a header. */
  readonly from?: readonly StatedMailbox[] | string;
  readonly to?: readonly StatedMailbox[] | string;
  readonly cc?: readonly StatedMailbox[] | string;
  /** Value of Reply-To, as in a header. */
  readonly replyTo?: string;
  readonly subject?: string;
  readonly date?: string;
  /** Names and sizes of the files, if they are stated apart from their bytes. */
  readonly files?: readonly { readonly filename: string; readonly size: number }[];
}

/** The content of a mail, parsed by the provider or by Mailover; texts are as given, not yet cleaned. */
export interface MailContent {
  /** Headers in their order, with repeats; encoded words are not decoded, except where `decoded` says so. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The provider has decoded the encoded words of the headers. */
  readonly decoded?: boolean;
  readonly text?: string;
  readonly html?: string;
  readonly files: readonly ReceivedFile[];
  readonly stated?: Stated;
  /** A part of the mail is missing here. */
  readonly truncated?: boolean;
  /** The mail itself has no proper end, in any copy. */
  readonly cut?: boolean;
  /** The mail could not be parsed, or not completely: its content cannot be trusted. */
  readonly unparsable?: boolean;
}

/** One mail that a provider posted. */
export interface PostedMail {
  /** Envelope recipients. */
  readonly recipients: readonly string[];
  /** Envelope sender; null for the null reverse-path, absent if the provider does not state it. */
  readonly sender?: string | null;
  readonly providerMessageId?: string;
  /** Id of this reception that all its forms have, retries included, if there is one. */
  readonly reception?: string;
  /** When the provider accepted the mail, in epoch milliseconds, if it states it. */
  readonly takenAt?: number;
  readonly strippedText?: string;
  readonly plusPart?: string;
  /** The mail as received, if the provider posts it. */
  readonly mime?: Buffer;
  /**
   * The provider gives `mime`, or what it stores at `storedAt`, within JSON, which has no bytes: 8-bit text in another
   * charset than UTF-8 was converted to characters, possibly wrongly.
   */
  readonly mimeWasText?: boolean;
  /** URL of the stored mail as received. */
  readonly storedAt?: string;
  /** Result of the provider's filter, if it is stated outside of the headers. */
  readonly verdicts?: Pick<InboundMessage, 'spam' | 'authentication'>;
  /** Content as parsed by the provider; used if there is no `mime`. */
  readonly content: MailContent;
}

/** Content of a genuine request: several mails where the provider posts in batches. `unreadable`: not a request of this provider at all. */
export type Posted =
  | { readonly kind: 'mail'; readonly mails: readonly [PostedMail, ...PostedMail[]] }
  | { readonly kind: 'event' }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** A provider's storage of received mail, from which mail that it does not post is fetched. */
export interface MailStorage {
  /** Whether a URL is in it: https, and the provider's own hosts only. */
  has(url: URL): boolean;
  /** Time after its reception within which a mail appears in the storage, in milliseconds. */
  readonly appearsForMs: number;
  /** Headers with the credentials of a request. */
  credentials(secret: Secret): Readonly<Record<string, string>>;
  /**
   * The mail in a complete answer.
   *
   * @throws ServiceError if it has none
   */
  mimeOf(body: Buffer, contentType: string): Buffer;
}

/** Reading the requests of a provider type that posts received mail. */
export interface InboundModule extends WebhookModule<Posted> {
  /** Absent if every mail is posted. */
  readonly storage?: MailStorage;
}

/** A mail that a provider wrote to the mail bucket. */
export interface WrittenMail {
  readonly mail: Omit<PostedMail, 'content'>;
  readonly object: { readonly bucket: string; readonly key: string };
}

/** Reading the notifications of a provider type that writes received mail to the mail bucket. */
export interface NotificationModule {
  /** `test`: what the provider sends when it is set up. `unreadable`: no notification of this provider. */
  readNotification(body: string): WrittenMail | 'test' | 'unreadable';
}
