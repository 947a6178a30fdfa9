import { readMailboxes } from '../../../lambda/inbound/addresses.ts';
import { readMime } from '../../../lambda/inbound/mime.ts';
import { bareId } from '../../../lambda/inbound/normalise-content.ts';
import { decodeWords } from '../../../lambda/mail/decode-words.ts';
import type { Header } from '../mail-view.ts';
import { headerValues } from '../mime-view.ts';

/** A mail for one recipient that a provider's SMTP server accepted. */
export interface IncomingMail {
  /** The bytes of the mail, as received. */
  readonly raw: Buffer;
  /** Envelope sender; null for a bounce message (null reverse-path). */
  readonly from: string | null;
  readonly to: string;
}

/** An attachment with decoded content. */
export interface ReceivedAttachment {
  readonly filename: string | undefined;
  readonly contentType: string;
  /** Content-ID without angle brackets. */
  readonly contentId: string | undefined;
  readonly content: Buffer;
}

/** One mailbox in the value of an address header. */
export interface ReceivedMailbox {
  readonly name: string;
  readonly address: string;
}

/** A parsed mail, with the data that a provider posts. */
export interface ReceivedMail extends IncomingMail {
  /** Header fields in their order, unfolded, with decoded encoded words. */
  readonly headers: readonly Header[];
  /** The same header fields as they are written in the mail, with encoded words. */
  readonly written: readonly Header[];
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly attachments: readonly ReceivedAttachment[];
}

/**
 * Parses a mail with the parser that the deployed code uses for received mail. Real providers are assumed to parse mail at least
 * as well as this parser. Separate tests compare the parser with other parsers, and with results that were checked by hand.
 */
export function readReception(reception: IncomingMail): ReceivedMail {
  const { headers, text, html, files } = readMime(reception.raw);
  return {
    ...reception,
    headers: headers.map(([name, value]) => [name, decodeWords(value)] as const),
    written: headers,
    text,
    html,
    attachments: files.map(({ filename, contentType, contentId, content }) => ({
      filename,
      contentType: contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '',
      contentId: contentId && bareId(contentId),
      content: Buffer.from(content),
    })),
  };
}

/** Returns the first value of a header; an empty text if the mail has no such header. */
export function headerOf({ headers }: ReceivedMail, name: string): string {
  return headerValues(headers, name)[0] ?? '';
}

/** Returns the mailboxes in an address header, including the mailboxes in groups. */
export function mailboxesOf(mail: ReceivedMail, name: string): ReceivedMailbox[] {
  return readMailboxes(headerValues(mail.written, name)).map((one) => ({ name: one.name ?? '', address: one.address }));
}

/**
 * Splits a text into the reply and the signature. The reply is the text before the first quoted line and before the signature.
 * The results of real providers differ in detail.
 */
export function strippedReply(text: string): { readonly reply: string; readonly signature: string } {
  const lines = text.replace(/\r\n/g, '\n').split('\n');
  const quote = lines.findIndex((line) => /^(>|On .+ wrote:$)/.test(line));
  const own = quote === -1 ? lines : lines.slice(0, quote);
  const mark = own.indexOf('-- ');
  return {
    reply: (mark === -1 ? own : own.slice(0, mark)).join('\n').trim(),
    signature:
      mark === -1
        ? ''
        : own
            .slice(mark + 1)
            .join('\n')
            .trim(),
  };
}
