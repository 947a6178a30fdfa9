/** One header field of a mail. The field is unfolded, but its encoded words are not decoded. */
export type Header = readonly [name: string, value: string];

/** Decoded content of an accepted mail. */
export interface MailView {
  readonly text?: string;
  readonly html?: string;
  readonly attachments: readonly {
    readonly filename?: string;
    readonly contentType: string;
    readonly size: number;
    readonly sha256: string;
  }[];
}
