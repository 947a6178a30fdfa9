import { hexDigit } from './form.ts';

/** A part of a mail that holds content, its transfer encoding undone. */
export interface Leaf {
  /** The header block as it stands there, at most `MAX_HEADER_BYTES` of it. */
  readonly headers: Buffer;
  /** Media type in lower case, without parameters. */
  readonly type: string;
  readonly content: Buffer;
}

/** A mail in its parts. */
export interface Parts {
  /** The header block of the mail. */
  readonly headers: Buffer;
  readonly leaves: readonly Leaf[];
  /** Whether these are all parts: a mail made to break parsers has more, or deeper ones. */
  readonly complete: boolean;
}

/** More than any mail of a person has, empty ones included. */
const MAX_PARTS = 1_000;
/** Each level is read once more for the delimiters of the next one. */
const MAX_DEPTH = 20;
const MAX_HEADER_BYTES = 256 * 1024;
const MAX_PART_HEADER_BYTES = 32 * 1024;
/** Of a header that the structure hangs on. */
const MAX_VALUE = 8 * 1024;

/**
 * Finds the parts of a mail in time and memory that follow from its size alone; takes anything, and throws never.
 *
 * A forwarded mail (`message/rfc822`) is a leaf: it is a file of this mail, not a part of its text.
 */
export function splitMail(mail: Buffer): Parts {
  const leaves: Leaf[] = [];
  let complete = true;
  let visited = 0;
  const visit = (part: Buffer, depth: number): void => {
    visited += 1;
    const { headers, body, cut } = headersAndBody(part, depth === 0 ? MAX_HEADER_BYTES : MAX_PART_HEADER_BYTES);
    if (cut) complete = false;
    const { type, boundary, encoding } = readContentHeaders(headers);
    if (type.startsWith('multipart/') && boundary !== undefined) {
      if (depth === MAX_DEPTH) {
        complete = false;
        return;
      }
      let any = false;
      for (const child of children(body, boundary)) {
        any = true;
        if (visited > MAX_PARTS) {
          complete = false;
          break;
        }
        visit(child, depth + 1);
      }
      // A lost delimiter must not hide the text from who reads the mail.
      if (any) return;
    }
    if (depth > 0 && headers.length === 0 && body.length === 0) return;
    const plain = type.startsWith('multipart/') ? 'text/plain' : type;
    leaves.push({ headers, type: plain, content: decoded(body, encoding) });
  };
  visit(mail, 0);
  return { headers: headersAndBody(mail, MAX_HEADER_BYTES).headers, leaves, complete };
}

function headersAndBody(part: Buffer, most: number): { headers: Buffer; body: Buffer; cut: boolean } {
  if (part[0] === LF) return { headers: NOTHING, body: part.subarray(1), cut: false };
  if (part[0] === CR && part[1] === LF) return { headers: NOTHING, body: part.subarray(2), cut: false };
  const [lf, crlf] = [part.indexOf('\n\n'), part.indexOf('\n\r\n')];
  const end = lf === -1 || (crlf !== -1 && crlf < lf) ? crlf : lf;
  const headers = end === -1 ? part : part.subarray(0, end + 1);
  return {
    headers: headers.length <= most ? headers : headers.subarray(0, headers.lastIndexOf(LF, most) + 1),
    body: end === -1 ? NOTHING : part.subarray(end + (end === lf ? 2 : 3)),
    cut: headers.length > most,
  };
}

const LF = 0x0a;
const CR = 0x0d;
const HYPHEN = 0x2d;
const NOTHING = Buffer.alloc(0);

/** The three facts that the structure hangs on; the first header of a name counts. */
function readContentHeaders(headers: Buffer) {
  const text = headers.toString('latin1');
  const value = (name: string) =>
    new RegExp(`^${name}:([^\\n]*(?:\\n[ \\t][^\\n]*)*)`, 'im')
      .exec(text)?.[1]
      ?.slice(0, MAX_VALUE)
      .replace(/[\r\n]+/g, ' ')
      .trim() ?? '';
  const contentType = value('content-type');
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() || 'text/plain';
  const [, quoted, token] =
    /;\s*boundary(?:\*0?\*?)?\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType) ?? [];
  const encoding =
    value('content-transfer-encoding')
      .toLowerCase()
      .split(/[\s;(]/, 1)[0] ?? '';
  return { type, boundary: quoted ?? token, encoding };
}

/** What stands between the delimiter lines; the last part may lack its end. */
function* children(body: Buffer, boundary: string): Generator<Buffer> {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  let start: number | undefined;
  for (let at = body.indexOf(delimiter); at !== -1; at = body.indexOf(delimiter, at + delimiter.length)) {
    if (at > 0 && body[at - 1] !== LF) continue;
    let end = at + delimiter.length;
    const last = body[end] === HYPHEN && body[end + 1] === HYPHEN;
    if (last) end += 2;
    while (body[end] === 0x20 || body[end] === 0x09 || body[end] === CR) end += 1;
    if (end < body.length && body[end] !== LF) continue;
    if (start !== undefined) yield withoutLineBreak(body.subarray(start, at));
    if (last) return;
    start = end + 1;
  }
  if (start !== undefined && start < body.length) yield body.subarray(start);
}

/** The line break before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1). */
function withoutLineBreak(part: Buffer): Buffer {
  const length = part.at(-1) === LF ? part.length - (part.at(-2) === CR ? 2 : 1) : part.length;
  return part.subarray(0, length);
}

function decoded(body: Buffer, encoding: string): Buffer {
  switch (encoding) {
    case 'base64':
      return fromBase64(body);
    case 'quoted-printable':
      return fromQuotedPrintable(body);
    default:
      return body;
  }
}

/** Some clients pad each block that they encode, so padding in the middle ends a block; what is no digit is passed over. */
function fromBase64(body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(Math.ceil((body.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let group = 0;
  for (let place = 0; place < body.length; place++) {
    const byte = body[place] ?? 0;
    const digit = BASE64[byte] ?? -1;
    if (digit === -1) {
      if (byte === EQUALS) bits = 0;
      continue;
    }
    group = ((group << 6) | digit) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[length++] = group >> bits;
    }
  }
  return out.subarray(0, length);
}

/** The six bits of each character, -1 for what is none. */
const BASE64 = new Int8Array(256).fill(-1);
for (const [digit, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  BASE64[character.charCodeAt(0)] = digit;

function fromQuotedPrintable(body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(body.length);
  let length = 0;
  let place = 0;
  while (place < body.length) {
    const byte = body[place] ?? 0;
    const high = byte === EQUALS ? hexDigit(body[place + 1]) : -1;
    const low = high === -1 ? -1 : hexDigit(body[place + 2]);
    const lineEnd = byte === EQUALS && low === -1 ? softBreak(body, place + 1) : -1;
    // A sign that encodes nothing stands for itself.
    if (lineEnd === -1) out[length++] = low === -1 ? byte : high * 16 + low;
    place = lineEnd !== -1 ? lineEnd : low !== -1 ? place + 3 : place + 1;
  }
  return out.subarray(0, length);
}

const EQUALS = 0x3d;
/** Spaces that some server added behind a soft line break; a line has 76 characters. */
const MAX_PADDING = 80;

/** Where the next line begins, if only spaces are left of this one. */
function softBreak(body: Buffer, from: number): number {
  let place = from;
  while (place < from + MAX_PADDING && (body[place] === 0x20 || body[place] === 0x09)) place += 1;
  if (body[place] === CR) place += 1;
  return body[place] === LF ? place + 1 : place >= body.length ? place : -1;
}
