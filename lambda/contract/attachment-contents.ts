import { createHash } from 'node:crypto';
import type { JsonString } from './json-text.ts';

/** Required form of an attachment's content. */
export const BASE64 = 'canonical base64 (A-Z a-z 0-9 + /, padded with =, no line breaks)';

/** Number of base64 characters that are decoded at a time. It is a multiple of 4, so each piece can be decoded alone. */
const PIECE = 64 * 1024;

/**
 * Whether a text is canonical base64. The decoded bytes are encoded again, and the result is compared with the text: Node's
 * decoder alone is too lenient. It skips characters that are not base64, and accepts missing padding and unused last bits.
 */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && Buffer.from(text, 'base64').toString('base64') === text;
}

/** A JSON text without the contents of its attachments. */
export interface WithoutContents {
  /** The JSON text. The content of each attachment is replaced by the SHA-256 of its bytes, in base64. */
  readonly rest: string;
  /** Decoded contents of the attachments, by the index of the attachment. */
  readonly contents: ReadonlyMap<number, Buffer>;
}

/**
 * Removes the contents of attachments from a JSON text, and decodes them in place. This saves memory: if the contents were parsed
 * as strings, these strings and their copies would take several times the size of the mail.
 */
export function cutContents(
  bytes: Buffer,
  strings: readonly JsonString[],
): WithoutContents | { readonly invalid: JsonString } {
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
    // Padding is valid only at the end of the whole content.
    if (!isBase64(text) || (text.endsWith('=') && at + PIECE < end)) return undefined;
    length += bytes.write(text, start + length, 'base64');
  }
  return bytes.subarray(start, start + length);
}

/**
 * Decodes JSON escapes in place, since some JSON libraries write a slash as `\/` or a plus as `\u002B`. Returns the new end of
 * the text, or undefined if the text contains another escape, such as `\n`.
 */
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
