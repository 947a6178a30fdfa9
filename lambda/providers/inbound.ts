import type { InboundMessage } from '../contract/inbound.ts';
import type { Secret } from '../platform/secrets.ts';
import type { WebhookModule } from './webhook.ts';

/** A file in a received mail. Its content is decoded. */
export interface ReceivedFile {
  readonly filename?: string;
  /** Media type, with its parameters if they are known. */
  readonly contentType: string;
  readonly content: Uint8Array;
  /** Content-ID, with or without angle brackets. */
  readonly contentId?: string;
  readonly contentLocation?: string;
  /** Whether the file was received as characters, not as bytes. */
  readonly wasText?: boolean;
  /** Whether Content-Disposition is `inline`; whether the HTML refers to the file is found out later. */
  readonly inline: boolean;
}

/** A name and an address as parsed by a provider. */
export interface StatedMailbox {
  readonly name?: string;
  readonly address: string;
}

/**
 * Values that a provider states about a received mail outside of its headers. The stated subject and addresses override the
 * headers. Any other stated value is used only if the headers lack it.
 */
export interface Stated {
  /** Sender: parsed by the provider, or as text in the form of a From header. */
  readonly from?: readonly StatedMailbox[] | string;
  readonly to?: readonly StatedMailbox[] | string;
  readonly cc?: readonly StatedMailbox[] | string;
  /** Reply-To, as text in the form of a header value. */
  readonly replyTo?: string;
  readonly subject?: string;
  readonly date?: string;
  /** Names and sizes of the files, if the provider states them without the content. */
  readonly files?: readonly { readonly filename: string; readonly size: number }[];
}

/** The content of a mail, parsed by the provider or by Mailover; the texts are as received and are not cleaned yet. */
export interface MailContent {
  /**
   * Headers in the order of the mail, including repeated headers; encoded words (RFC 2047) are decoded only if `decoded` is true.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether the provider has decoded the encoded words of the headers. */
  readonly decoded?: boolean;
  readonly text?: string;
  readonly html?: string;
  readonly files: readonly ReceivedFile[];
  readonly stated?: Stated;
  /** Whether this copy of the mail is incomplete. */
  readonly truncated?: boolean;
  /** Whether the mail itself ends too early. In this case every copy of the mail lacks the end. */
  readonly cut?: boolean;
  /** Whether the mail could not be parsed, or only in part. In this case its content cannot be trusted. */
  readonly unparsable?: boolean;
}

/** One received mail that a provider posted. */
export interface PostedMail {
  /** Envelope recipients. */
  readonly recipients: readonly string[];
  /** Envelope sender; null for the null reverse-path, absent if the provider does not state it. */
  readonly sender?: string | null;
  readonly providerMessageId?: string;
  /** The provider's id of this received mail. If the provider posts the mail again, or in another form, the id is the same. */
  readonly reception?: string;
  /** When the provider accepted the mail, in epoch milliseconds, if the provider states it. */
  readonly takenAt?: number;
  readonly strippedText?: string;
  readonly plusPart?: string;
  /** The raw mail, if the provider posts it. */
  readonly mime?: Buffer;
  /**
   * Whether the provider gives the raw mail (in `mime`, or at `storedAt`) as a JSON string. JSON cannot contain bytes, so the
   * provider has converted 8-bit text in a charset other than UTF-8 to characters, possibly wrongly.
   */
  readonly mimeWasText?: boolean;
  /** URL of the raw mail in the provider's storage. */
  readonly storedAt?: string;
  /** Results of the provider's spam filter and authentication checks, if the provider states them outside of the headers. */
  readonly verdicts?: Pick<InboundMessage, 'spam' | 'authentication'>;
  /** Content as parsed by the provider; used if there is no `mime`. */
  readonly content: MailContent;
}

/**
 * Content of an authenticated request. It contains several mails if the provider posts mails in batches. `unreadable`: the
 * content does not have the provider's format.
 */
export type Posted =
  | { readonly kind: 'mail'; readonly mails: readonly [PostedMail, ...PostedMail[]] }
  | { readonly kind: 'event' }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** A provider's storage of received mail. Mail that the provider does not post is fetched from this storage. */
export interface MailStorage {
  /** Whether a URL belongs to the storage: its scheme is https, and its host is one of the provider's own hosts. */
  has(url: URL): boolean;
  /**
   * Time in milliseconds after the provider has received a mail. Until then a missing copy of the mail may still appear in the
   * storage.
   */
  readonly appearsForMs: number;
  /** Headers with the credentials for a request to the storage. */
  credentials(secret: Secret): Readonly<Record<string, string>>;
  /**
   * Returns the raw mail in a complete answer of the storage.
   *
   * @throws ServiceError if the answer contains no raw mail
   */
  mimeOf(body: Buffer, contentType: string): Buffer;
}

/** Code that reads the requests in which a provider type posts received mail. */
export interface InboundModule extends WebhookModule<Posted> {
  /** The provider's storage of received mail; absent if the provider posts every mail. */
  readonly storage?: MailStorage;
}

/** A received mail that a provider wrote to the S3 bucket for mail. */
export interface WrittenMail {
  readonly mail: Omit<PostedMail, 'content'>;
  readonly object: { readonly bucket: string; readonly key: string };
}

/** Code for a provider type that writes received mail to the S3 bucket for mail. It reads the notifications about this mail. */
export interface NotificationModule {
  /**
   * `test`: a test message that the provider sends when the receiving of mail is set up. `unreadable`: not a notification of the
   * provider.
   */
  readNotification(body: string): WrittenMail | 'test' | 'unreadable';
}
