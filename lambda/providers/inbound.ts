import type { InboundMessage } from '../contract/inbound.ts';
import type { Secret } from '../platform/secrets.ts';
import type { WebhookModule } from './webhook.ts';

/** A file in a received mail. Its transfer encoding (base64, for example) is decoded. */
export interface ReceivedFile {
  readonly filename?: string;
  /** Media type, with its parameters if they are known. */
  readonly contentType: string;
  readonly content: Uint8Array;
  /** Content-ID, with or without angle brackets. */
  readonly contentId?: string;
  readonly contentLocation?: string;
  /** True if the file was received as characters of a JSON string and not as bytes, so its content may be damaged. */
  readonly wasText?: boolean;
  /** Whether Content-Disposition is `inline`. Later the value also becomes true if the HTML refers to the file. */
  readonly inline: boolean;
}

/** A name and an address as parsed by a provider. */
export interface StatedMailbox {
  readonly name?: string;
  readonly address: string;
}

/**
 * Values that a provider states about a received mail, separately from the headers. The subject and the mailboxes that the
 * provider has parsed override the headers. The other values, and mailboxes in the form of a header, are used only if the headers
 * lack them.
 */
export interface Stated {
  /** Sender: the mailboxes that the provider has parsed, or a text in the form of a From header. */
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

/**
 * The content of a mail, parsed by the provider or by Mailover. The texts are unchanged: NUL and lone surrogates are replaced
 * later.
 */
export interface MailContent {
  /**
   * Headers in the order of the mail, including repeated headers. Encoded words (RFC 2047) are decoded only if `decoded` is true.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether the provider has decoded the encoded words of the headers. */
  readonly decoded?: boolean;
  readonly text?: string;
  readonly html?: string;
  readonly files: readonly ReceivedFile[];
  readonly stated?: Stated;
  /** Whether this copy of the mail is incomplete; the provider may have a complete copy. */
  readonly truncated?: boolean;
  /** Whether the mail itself was cut off before its end. In this case every copy of the mail lacks the end. */
  readonly cut?: boolean;
  /** Whether the mail could not be parsed, or only in part. In this case the content may be wrong. */
  readonly unparsable?: boolean;
}

/** One received mail that a provider posted. */
export interface PostedMail {
  /** Envelope recipients. */
  readonly recipients: readonly string[];
  /** Envelope sender; null for the null reverse-path, absent if the provider does not state it. */
  readonly sender?: string | null;
  readonly providerMessageId?: string;
  /** The provider's id of this received mail. The id stays the same if the provider posts the mail again, or in another form. */
  readonly reception?: string;
  /** Time at which the provider accepted the mail, in epoch milliseconds; absent if the provider does not state it. */
  readonly takenAt?: number;
  readonly strippedText?: string;
  readonly plusPart?: string;
  /** The raw mail, if the provider posts it. */
  readonly mime?: Buffer;
  /**
   * True if the provider gives the raw mail (in `mime` or at `storedAt`) as a JSON string. A JSON string contains characters, not
   * bytes. Therefore the provider has converted 8-bit text to characters, possibly wrongly if its charset is not UTF-8.
   */
  readonly mimeWasText?: boolean;
  /** URL of the raw mail in the provider's storage. */
  readonly storedAt?: string;
  /**
   * Results of the provider's spam filter and authentication checks; present if the provider states them separately from the
   * headers.
   */
  readonly verdicts?: Pick<InboundMessage, 'spam' | 'authentication'>;
  /** Content as parsed by the provider. It is used if there is no raw mail, or if the raw mail is unreadable or damaged. */
  readonly content: MailContent;
}

/**
 * Content of an authenticated request. `mail`: received mail; several mails if the provider posts in batches. `event`: a delivery
 * event, since the provider is configured with the wrong URL. `unreadable`: the content does not have the provider's format.
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
   * Time, in milliseconds after the provider accepted a mail, during which a missing copy of the mail may still appear in the
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

/**
 * Code that reads the notifications about received mail, for a provider type that writes received mail to the S3 bucket for mail.
 */
export interface NotificationModule {
  /**
   * Reads one notification. `test`: a test message that the provider sends when an operator sets up receiving. `unreadable`: the
   * body is not a notification of the provider.
   */
  readNotification(body: string): WrittenMail | 'test' | 'unreadable';
}
