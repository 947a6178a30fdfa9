/** A validated mailbox: the domain is in A-labels and lower case, the name free of control characters. */
export interface Mailbox {
  readonly name?: string;
  readonly address: string;
}

/** An attachment with its bytes loaded. */
export interface MessageAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
  /** Without angle brackets; present for inline images. */
  readonly contentId?: string;
}

/** An invitation, or another message between calendars (RFC 5546), with CRLF line ends. */
export interface Calendar {
  readonly method: string;
  readonly content: string;
}

/** What a provider may do to a mail to learn whether it was read; both change its HTML. */
export interface Tracking {
  readonly opens: boolean;
  readonly clicks: boolean;
}

/**
 * A submission after validation: safe to hand to any composer or provider without further checks.
 *
 * No field contains CR, LF or NUL outside of `text` and `html`; To, Cc and Bcc hold each address once.
 */
export interface Message {
  /** The submission id. */
  readonly id: string;
  /** SHA-256 of the id, base64url, 43 characters: the handle that every attempt carries. */
  readonly handle: string;
  /** `<handle@domain of From>`, with angle brackets. */
  readonly messageId: string;
  readonly date: Date;
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
  readonly replyTo: readonly Mailbox[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  /** Custom headers in the producer's order, and `X-Mailover-Id`, `List-Unsubscribe` and `List-Unsubscribe-Post` where they apply. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The file of an invitation is among them. */
  readonly attachments: readonly MessageAttachment[];
  readonly calendar?: Calendar;
  readonly tag?: string;
  readonly metadata: Readonly<Record<string, string>>;
}
