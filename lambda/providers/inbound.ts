import type { InboundMessage } from '../contract/inbound.ts';
import type { InboundType } from '../contract/providers.ts';
import type { Secret } from '../platform/secrets.ts';

/** A request as it came, before anybody has vouched for it. */
export interface InboundRequest {
  readonly contentType: string;
  readonly authorization?: string;
  readonly body: Buffer;
}

/** A file of a mail, its bytes decoded. */
export interface ReceivedFile {
  readonly filename?: string;
  /** With its parameters, as far as they are told. */
  readonly contentType: string;
  readonly content: Uint8Array;
  /** With or without angle brackets. */
  readonly contentId?: string;
  readonly contentLocation?: string;
  /** It came as characters, not as bytes. */
  readonly wasText?: boolean;
  /** Its disposition says so; that the HTML refers to it is found out later. */
  readonly inline: boolean;
}

/** A name and an address as a provider has parsed them. */
export interface StatedMailbox {
  readonly name?: string;
  readonly address: string;
}

/** What a provider says apart from the headers: subject and addresses before them, the rest where they do not say it. */
export interface Stated {
  /** Parsed, or as a header has it. */
  readonly from?: readonly StatedMailbox[] | string;
  readonly to?: readonly StatedMailbox[] | string;
  readonly cc?: readonly StatedMailbox[] | string;
  /** As a header has it. */
  readonly replyTo?: string;
  readonly subject?: string;
  readonly date?: string;
  /** Names and sizes of the files, where they are told apart from their bytes. */
  readonly files?: readonly { readonly filename: string; readonly size: number }[];
}

/** The content of a mail, whichever way it was taken apart; texts are as given, not yet cleaned. */
export interface MailContent {
  /** In order, repeats kept, encoded words as they are. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly text?: string;
  readonly html?: string;
  readonly files: readonly ReceivedFile[];
  readonly stated?: Stated;
  /** Some of the mail is missing here. */
  readonly truncated?: boolean;
  /** The mail itself lacks an end: each copy of it does. */
  readonly cut?: boolean;
  /** It was not to be read as a mail, or not wholly: what is known of it is not to be trusted. */
  readonly unparsable?: boolean;
}

/** One mail that a provider posted. */
export interface PostedMail {
  /** Envelope recipients. */
  readonly recipients: readonly string[];
  /** Envelope sender; null for the null reverse-path, absent if the provider does not tell. */
  readonly sender?: string | null;
  readonly providerMessageId?: string;
  /** The id of this reception that every form of it has, retries included, if there is one. */
  readonly reception?: string;
  /** When the provider took the mail, in epoch milliseconds, where it says so. */
  readonly takenAt?: number;
  readonly strippedText?: string;
  readonly plusPart?: string;
  /** The mail as received, if the provider gives it. */
  readonly mime?: Buffer;
  /**
   * The provider gives `mime`, or what it keeps at `storedAt`, within JSON, which holds no bytes: 8-bit text of another
   * character set than UTF-8 has been turned into characters, well or badly.
   */
  readonly mimeWasText?: boolean;
  /** Where the provider keeps the mail as received, to be fetched. */
  readonly storedAt?: string;
  /** What the provider's filter found, where it says so outside of the headers. */
  readonly verdicts?: Pick<InboundMessage, 'spam' | 'authentication'>;
  /** Taken apart by the provider; used where there is no `mime`. */
  readonly content: MailContent;
}

/** What a genuine request turned out to be. `unreadable`: not a request of this provider at all. */
export type Posted =
  | { readonly kind: 'mail'; readonly mail: PostedMail }
  | { readonly kind: 'event' }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Whether a request comes from the provider. */
export type Authentication =
  | {
      readonly kind: 'genuine';
      /** A token that may be used once, and the hash of the content that it is bound to. */
      readonly once?: { readonly token: string; readonly content: string };
      read(): Posted;
    }
  | { readonly kind: 'refused'; readonly reason: 'missing' | 'wrong' | 'stale' | 'early' | 'no-key' };

/** Receiving over one provider type. */
export interface InboundModule {
  /** Never throws for what the request holds. `now` is in epoch milliseconds. */
  authenticate(request: InboundRequest, secret: Secret, now: number): Authentication;
  /** Whether the provider keeps mail there: https, and its own hosts only. */
  keepsMailAt?(url: URL): boolean;
}

/** The types that post mail over HTTP. */
export type PostingType = Exclude<InboundType, 'ses'>;
