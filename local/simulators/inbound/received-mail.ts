import libmime from 'libmime';
import { simpleParser } from 'mailparser';
import { addressParser } from 'postal-mime';
import type { Header } from '../accepted-log.ts';
import { headersOf, valuesOf } from '../mime-view.ts';

/** A mail as a provider's own SMTP server took it, for one recipient. */
export interface Reception {
  /** The mail as received. */
  readonly raw: Buffer;
  /** Null reverse-path of a bounce: null. */
  readonly from: string | null;
  readonly to: string;
}

/** An attachment, content decoded. */
export interface Attached {
  readonly filename: string | undefined;
  readonly contentType: string;
  /** Without angle brackets. */
  readonly contentId: string | undefined;
  readonly content: Buffer;
}

/** One mailbox of an address header. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** A mail taken apart, as a provider does before it posts it. */
export interface ReceivedMail extends Reception {
  /** In order, unfolded, encoded words decoded. */
  readonly headers: readonly Header[];
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly attachments: readonly Attached[];
}

/** Takes a mail apart; of one that its reader refuses, only the headers and the raw form are told. */
export async function readReception(reception: Reception): Promise<ReceivedMail> {
  const headers = headersOf(reception.raw).map(([name, value]) => [name, libmime.decodeWords(value)] as const);
  const mail = await simpleParser(reception.raw, {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    keepCidLinks: true,
  }).catch(() => undefined);
  return {
    ...reception,
    headers,
    text: mail?.text,
    html: mail?.html || undefined,
    attachments: (mail?.attachments ?? []).map(({ filename, contentType, cid, content }) => ({
      filename: filename ?? undefined,
      contentType,
      contentId: cid,
      content,
    })),
  };
}

/** First value of a header, or empty. */
export function headerOf({ headers }: ReceivedMail, name: string): string {
  return valuesOf(headers, name)[0] ?? '';
}

/** The mailboxes of an address header, groups opened. */
export function mailboxesOf(mail: ReceivedMail, name: string): Mailbox[] {
  return valuesOf(headersOf(mail.raw), name).flatMap((value) =>
    addressParser(value, { flatten: true }).map((entry) => ({
      name: entry.name ?? '',
      address: entry.address ?? '',
    })),
  );
}

/** The reply alone: what stands before the first quoted line and the signature. Good enough to be told from the whole. */
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
