import { lineEnd, withoutLineEnd } from './lines.ts';
import { repairedType } from './structured.ts';

/** A header as written, unfolded; characters are bytes (latin1). */
export type HeaderField = readonly [name: string, value: string];

/** The next line or header of a header block. */
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

/** RFC 5322, section 2.2, with white space before the colon by section 4.5. No name begins like a delimiter. */
const HEADER = /^(?!--)([!-9;-~]{1,200})[ \t]*:/;
/** The separator line of a mailbox file above each mail. */
const MAILBOX_LINE = /^>?From /;

/**
 * Reads the header that begins at `from`. A header longer than `most` is read only as far as needed to detect that.
 *
 * Unfolding removes the line break, and nothing else (RFC 5322, section 2.2.3).
 */
export function nextField(mail: Buffer, from: number, most: number): HeaderBlockItem {
  const end = lineEnd(mail, from);
  const bare = withoutLineEnd(mail, from, end);
  if (bare === from) return { kind: 'end', end };
  const start = mail.toString('latin1', from, Math.min(bare, from + MAX_NAME));
  const [, name] = HEADER.exec(start) ?? [];
  if (name === undefined) {
    // A line that is no header ends the block, and is the first line of the body; a value without a name is skipped.
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

/** A Content-Type line in a form that the parser can read. */
export function repairedField({ name, value }: { readonly name: string; readonly value: string }): string {
  return `${name}: ${repairedType(value)}`;
}
