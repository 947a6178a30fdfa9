import { createHash } from 'node:crypto';
import { simpleParser } from 'mailparser';
import { defined } from '../../lambda/platform/defined.ts';
import type { Header, MailView } from './mail-view.ts';

/**
 * Returns the header fields of a MIME message in their order. The fields are unfolded and otherwise as received; encoded words
 * are not decoded.
 */
export function headersOf(mime: Buffer): Header[] {
  return textOf(headerBlock(mime))
    .replace(/\r?\n(?=[ \t])/g, '')
    .split(/\r?\n/)
    .flatMap((line): Header[] => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon).trimEnd(), line.slice(colon + 1).trim()]] : [];
    });
}

/** Returns the values of all header fields with this name. Upper and lower case are not distinguished. */
export function headerValues(headers: readonly Header[], name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** Returns the decoded text, HTML and attachments of a MIME message. */
export async function viewMime(mime: Buffer): Promise<MailView> {
  const mail = await simpleParser(mime, {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    keepCidLinks: true,
  });
  return {
    ...defined({ text: mail.text, html: mail.html !== false ? mail.html : undefined }),
    attachments: mail.attachments.map(({ filename, contentType, content }) =>
      attachmentView(filename, contentType, content),
    ),
  };
}

/**
 * Returns an attachment in the form in which the log of accepted mail contains it: with a SHA-256 hash instead of the content.
 */
export function attachmentView(filename: string | undefined, contentType: string, content: Buffer) {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { ...defined({ filename }), contentType, size: content.length, sha256 };
}

/**
 * Returns the header of a MIME message as the text in which the `match` of a fault is searched. It contains each field as
 * received, and the value of each field with decoded encoded words.
 */
export async function searchableText(mime: Buffer): Promise<string> {
  const { headers, subject } = await simpleParser(Buffer.concat([headerBlock(mime), Buffer.from('\r\n\r\n')]));
  const decoded = [...headers.values()].map((value) =>
    typeof value === 'object' && 'text' in value ? value.text : String(value),
  );
  return [...headersOf(mime).map(([name, value]) => `${name}: ${value}`), subject, ...decoded].join('\n');
}

function headerBlock(mime: Buffer): Buffer {
  const ends = [mime.indexOf('\r\n\r\n'), mime.indexOf('\n\n')].filter((index) => index >= 0);
  return ends.length > 0 ? mime.subarray(0, Math.min(...ends)) : mime;
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
