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
  /** Content-ID without angle brackets; present for inline images. */
  readonly contentId?: string;
}

/** An invitation, or another calendar message (RFC 5546), with CRLF line ends. */
export interface Calendar {
  readonly method: string;
  readonly content: string;
}

/** Changes to the HTML of a mail by which a provider tracks whether it was read. */
export interface Tracking {
  readonly opens: boolean;
  readonly clicks: boolean;
}

/**
 * A submission after validation: composers and providers need no further checks.
 *
 * No field except `text` and `html` contains CR, LF or NUL; To, Cc and Bcc contain each address once.
 */
export interface Message {
  /** The submission id. */
  readonly id: string;
  /** SHA-256 of the id, base64url, 43 characters: the identifier in every attempt. */
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
  /**
   * Custom headers in the producer's order, then `X-Mailover-Id`, `List-Unsubscribe` and `List-Unsubscribe-Post` where
   * they apply.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Includes the file of an invitation. */
  readonly attachments: readonly MessageAttachment[];
  readonly calendar?: Calendar;
  readonly tag?: string;
  /** Class of the submission. */
  readonly class?: string;
  readonly metadata: Readonly<Record<string, string>>;
}
