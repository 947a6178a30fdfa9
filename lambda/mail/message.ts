/** A validated mailbox. The domain is written in lower-case A-labels, and the name contains no control characters. */
export interface Mailbox {
  readonly name?: string;
  readonly address: string;
}

/** An attachment whose bytes are loaded into memory. */
export interface MessageAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
  /** Content-ID without angle brackets; present for inline images. */
  readonly contentId?: string;
}

/** An invitation, or another calendar message (RFC 5546), with CRLF line ends. */
export interface Calendar {
  readonly method: string;
  readonly content: string;
}

/** Whether a provider may change the HTML of a mail to track that the mail was opened, and that the links in the mail were clicked. */
export interface Tracking {
  readonly opens: boolean;
  readonly clicks: boolean;
}

/**
 * A submission after validation. Functions that compose or send the message need no further checks.
 *
 * No field except `text` and `html` contains CR, LF or NUL. Each address occurs only once in To, Cc and Bcc together.
 */
export interface Message {
  /** The submission id. */
  readonly id: string;
  /** SHA-256 of the submission id, in base64url, 43 characters. It identifies the message in every attempt. */
  readonly handle: string;
  /** Message-ID in the form `<handle@domain of From>`, with angle brackets. */
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
  /**
   * Custom headers, in the order in which the producer wrote them. `X-Mailover-Id` follows. If recipients can unsubscribe,
   * `List-Unsubscribe` and `List-Unsubscribe-Post` also follow.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Attachments, including the file that contains an invitation. */
  readonly attachments: readonly MessageAttachment[];
  readonly calendar?: Calendar;
  readonly tag?: string;
  /** Class of mail, from the field `class` of the submission. */
  readonly class?: string;
  readonly metadata: Readonly<Record<string, string>>;
}
