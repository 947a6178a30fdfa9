import { readMailboxes } from '../../../lambda/inbound/addresses.ts';
import { bareId } from '../../../lambda/inbound/content.ts';
import { readMime } from '../../../lambda/inbound/mime.ts';
import { decodeWords } from '../../../lambda/mail/encoded-words.ts';
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

/** An attachment, content decoded. */
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
  /** The same headers as written in the mail. */
  readonly written: readonly Header[];
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly attachments: readonly ReceivedAttachment[];
}

/**
 * Parses a mail. A provider reads mail at least as well as the receiver does, so this is the receiver's own reader; its
 * own tests compare it with other readers and with results judged by hand.
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

/** First value of a header, or empty. */
export function headerOf({ headers }: ReceivedMail, name: string): string {
  return headerValues(headers, name)[0] ?? '';
}

/** The mailboxes of an address header, including those in groups. */
export function mailboxesOf(mail: ReceivedMail, name: string): ReceivedMailbox[] {
  return readMailboxes(headerValues(mail.written, name)).map((one) => ({ name: one.name ?? '', address: one.address }));
}

/** The text before the first quoted line and before the signature; a rough form that differs from the whole text. */
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
