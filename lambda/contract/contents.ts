import { createHash } from 'node:crypto';
import type { JsonString } from './json-text.ts';

/** What the content of an attachment has to be. */
export const BASE64 = 'canonical base64 (A-Z a-z 0-9 + /, padded with =, no line breaks)';

/** A multiple of 4, so that each piece decodes by itself. */
const PIECE = 64 * 1024;

/** Encoding again is the strict check: Node skips what is not base64, and forgives padding and loose last bits. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && Buffer.from(text, 'base64').toString('base64') === text;
}

/** A JSON text without the bytes of its attachments. */
export interface Cut {
  /** The text, with the SHA-256 of the decoded bytes in base64 wherever a content stood. */
  readonly rest: string;
  /** Decoded, by the place of the attachment. */
  readonly contents: ReadonlyMap<number, Buffer>;
}

/**
 * Takes the contents of attachments out of a JSON text and decodes them where they stand: a string of 40 MB, and the
 * copies that a parser and checks make of it, would be several times the size of the mail.
 */
export function cutContents(bytes: Buffer, strings: readonly JsonString[]): Cut | { readonly invalid: JsonString } {
  const contents = new Map<number, Buffer>();
  const rest: string[] = [];
  let from = 0;
  for (const value of strings) {
    const content = decodeInPlace(bytes, value);
    if (!content) return { invalid: value };
    contents.set(Number(value.path[1]), content);
    rest.push(bytes.toString('utf8', from, value.start), createHash('sha256').update(content).digest('base64'));
    from = value.end;
  }
  rest.push(bytes.toString('utf8', from));
  return { rest: rest.join(''), contents };
}

function decodeInPlace(bytes: Buffer, { start, end: given, escaped }: JsonString): Buffer | undefined {
  const end = escaped ? unescapeInPlace(bytes, start, given) : given;
  if (end === undefined || (end - start) % 4 !== 0) return undefined;
  let length = 0;
  for (let at = start; at < end; at += PIECE) {
    const text = bytes.toString('latin1', at, Math.min(end, at + PIECE));
    // Padding ends the whole, not a piece.
    if (!isBase64(text) || (text.endsWith('=') && at + PIECE < end)) return undefined;
    length += bytes.write(text, start + length, 'base64');
  }
  return bytes.subarray(start, start + length);
}

/** Some writers of JSON escape a slash as `\/`, others a plus as `\u002B`. Returns where the text ends then. */
function unescapeInPlace(bytes: Buffer, start: number, end: number): number | undefined {
  let to = start;
  for (let at = start; at < end; at++) {
    let byte = bytes[at] ?? 0;
    if (byte === 0x5c) {
      const code = /^u00([2-7][0-9A-Fa-f])/.exec(bytes.toString('latin1', at + 1, at + 6))?.[1];
      if (code !== undefined) {
        byte = Number.parseInt(code, 16);
        at += 5;
      } else if (bytes[at + 1] === 0x2f) {
        byte = 0x2f;
        at += 1;
      } else return undefined;
    }
    bytes[to++] = byte;
  }
  return to;
}
