import { readMailboxes } from '../../../lambda/inbound/addresses.ts';
import { readMime } from '../../../lambda/inbound/mime.ts';
import { bareId } from '../../../lambda/inbound/normalise-content.ts';
import { decodeWords } from '../../../lambda/mail/decode-words.ts';
import type { Header } from '../mail-view.ts';
import { headerValues } from '../mime-view.ts';

/** A mail that a provider's SMTP server accepted, for one recipient. */
export interface IncomingMail {
  /** The mail as received. */
  readonly raw: Buffer;
  /** Envelope sender; null for a bounce (null reverse-path). */
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

/** One mailbox of an address header. */
export interface ReceivedMailbox {
  readonly name: string;
  readonly address: string;
}

/** A parsed mail, as a provider posts it. */
export interface ReceivedMail extends IncomingMail {
  /** Headers in their order, unfolded, with encoded words decoded. */
  readonly headers: readonly Header[];
  /** The same headers exactly as they are written in the mail. */
  readonly written: readonly Header[];
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly attachments: readonly ReceivedAttachment[];
}

/**
 * Parses a mail. The simulator uses the parser of the deployed code for received mail. A real provider parses mail at least as
 * well as this parser. The tests of the parser compare its results with other parsers, and with results that were checked by
 * hand.
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

/** Returns the first value of a header, or an empty text if the mail has no such header. */
export function headerOf({ headers }: ReceivedMail, name: string): string {
  return headerValues(headers, name)[0] ?? '';
}

/** Returns the mailboxes of an address header, including the mailboxes in groups. */
export function mailboxesOf(mail: ReceivedMail, name: string): ReceivedMailbox[] {
  return readMailboxes(headerValues(mail.written, name)).map((one) => ({ name: one.name ?? '', address: one.address }));
}

/**
 * Splits a text into the reply (the text before the first quoted line and before the signature) and the signature. The result is
 * only roughly the same as at the providers.
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
