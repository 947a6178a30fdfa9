import { lineEnd, withoutLineEnd } from './lines.ts';

/** A mail header, unfolded but not decoded. Each character of the strings stands for one byte of the mail (latin1). */
export type HeaderField = readonly [name: string, value: string];

/** Result of {@link nextField}: a header, the end of the header block, or a line that is no header and is skipped. */
export type HeaderBlockItem =
  | {
      readonly kind: 'header';
      readonly end: number;
      readonly name: string;
      readonly value: string;
      readonly line: string;
    }
  | { readonly kind: 'end'; readonly end: number }
  | { readonly kind: 'no-header'; readonly end: number };

/**
 * Matches the name of a header (RFC 5322, section 2.2). White space before the colon is allowed (section 4.5). A line that begins with
 * `--` is a MIME delimiter, and no header.
 */
const HEADER = /^(?!--)([!-9;-~]{1,200})[ \t]*:/;
/** Matches the separator line above each mail in a file of the mbox format. */
const MAILBOX_LINE = /^>?From /;

/**
 * Reads the header that begins at `from`. If the header is longer than `most` bytes, only the lines that begin within the first `most`
 * bytes are returned. The first line is cut after `most` + 1 bytes.
 *
 * The header is unfolded: only the line breaks are removed, and the white space after them is kept (RFC 5322, section 2.2.3).
 */
export function nextField(mail: Buffer, from: number, most: number): HeaderBlockItem {
  const end = lineEnd(mail, from);
  const bare = withoutLineEnd(mail, from, end);
  if (bare === from) return { kind: 'end', end };
  const start = mail.toString('latin1', from, Math.min(bare, from + MAX_NAME));
  const [, name] = HEADER.exec(start) ?? [];
  if (name === undefined) {
    // A line without a header name is the first line of the body, unless it begins with a colon or is the separator line of an mbox file.
    const passed = start.startsWith(':') || (from === 0 && MAILBOX_LINE.test(start));
    return passed ? { kind: 'no-header', end } : { kind: 'end', end: from };
  }
  const pieces = [mail.toString('latin1', from, Math.min(bare, from + most + 1))];
  let at = end;
  while (mail[at] === SPACE || mail[at] === TAB) {
    const next = lineEnd(mail, at);
    if (at - from <= most) pieces.push(mail.toString('latin1', at, withoutLineEnd(mail, at, next)));
    at = next;
  }
  const line = pieces.join('');
  return { kind: 'header', end: at, name, value: line.slice(line.indexOf(':') + 1).trim(), line };
}

const MAX_NAME = 400;
const SPACE = 0x20;
const TAB = 0x09;
