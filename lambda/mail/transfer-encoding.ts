import { isUtf8 } from 'node:buffer';
import { hexDigit } from './form.ts';
import { hasControls, lineEnd, withoutLineEnd } from './lines.ts';

/**
 * Content after its transfer encoding was decoded. `known` is false if the transfer encoding is unknown, or if the content does not follow
 * the rules of the transfer encoding.
 */
export interface Decoded {
  readonly content: Buffer;
  readonly known: boolean;
  /** Whether `content` has the same bytes as the body, since nothing was decoded. */
  readonly asItStands: boolean;
  /** File name from the first line of uuencoded content; absent for other content. */
  readonly filename?: string;
}

/**
 * Decodes the transfer encoding of a body in one pass. The name of the encoding is accepted with and without hyphens, since mail programs
 * write both forms.
 */
export function decoded(body: Buffer, encoding: string): Decoded {
  switch (encoding.replace(/^x-|[ _-]|[,;.]+$/g, '')) {
    case 'base64': {
      const { end, strange } = endOfBase64(body);
      const content = fromBase64(body.subarray(0, end));
      if (strange && !isReadable(content)) return { content: body, known: false, asItStands: true };
      return { content, known: end === body.length, asItStands: false };
    }
    case 'quotedprintable':
    case 'qp':
      return { content: fromQuotedPrintable(body), known: true, asItStands: false };
    case 'uuencode':
    case 'uue':
    case 'uu': {
      const [file] = uuencoded(body.toString('latin1')).files;
      return file ? { ...file, known: true, asItStands: false } : { content: body, known: false, asItStands: true };
    }
    default:
      return { content: body, known: PLAIN.test(encoding.replace(/^x-|[,;.]+$/g, '')), asItStands: true };
  }
}

/**
 * Matches encoding names which mean that the content is not encoded: the names from RFC 2045, and other words, such as names of charsets,
 * that mail programs write by mistake.
 */
const PLAIN = /^(|[78][ _-]?bits?|binary|none|identity|utf-?8|us-ascii|iso-8859-\d+|text|plain)$/;
/**
 * Decodes base64. Padding in the middle ends a block of base64, and a new block begins after the padding: some mail programs pad each block
 * that they encode. Characters that are not base64 are skipped.
 */
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

/**
 * Smallest number of base64 digits at the start of a body that are treated as base64 if other text follows. Fewer digits may be an ordinary
 * word.
 */
const LEAST_DIGITS = 20;
/** A line with at least this number of base64 digits is treated as a full line of base64. */
const FULL_LINE = 60;

/**
 * Finds the end of the base64 in a body. `end`: the end of the base64; a mailing list server may have added a footer after it. `strange`:
 * whether the body is plain text instead of base64, since it has more than one character that is not base64 for each twenty base64 digits.
 * If there are fewer such characters, they must be ignored (RFC 2045, section 6.8).
 */
function endOfBase64(body: Buffer): { readonly end: number; readonly strange: boolean } {
  let [digits, equals, strange, place, goesOn] = [0, 0, 0, 0, false];
  let footer: { readonly at: number; readonly whole: boolean } | undefined;
  while (place < body.length) {
    const end = lineEnd(body, place);
    const line = countsOf(body, place, withoutLineEnd(body, place, end));
    if (line.strange > 0)
      footer ??= { at: place, whole: (equals > 0 || digits >= LEAST_DIGITS) && (digits + equals) % 4 === 0 };
    else if (footer && line.digits >= FULL_LINE) goesOn = true;
    digits += line.digits;
    strange += line.strange;
    equals += line.equals;
    place = end;
  }
  if (footer?.whole && !goesOn) return { end: footer.at, strange: false };
  return { end: body.length, strange: strange * 20 > digits };
}

/** Whether the content is text in ASCII or UTF-8. If plain text was decoded as base64 by mistake, the result is not such text. */
function isReadable(content: Buffer): boolean {
  return content.length > 0 && isUtf8(content) && !hasControls(content);
}

/**
 * Counts the base64 digits and the equals signs in a line. `strange` counts the characters that do not occur in base64, including spaces
 * within the line.
 */
function countsOf(body: Buffer, from: number, to: number) {
  let [digits, strange, blanks, equals] = [0, 0, 0, 0];
  for (let at = from; at < to; at += 1) {
    const byte = body[at] ?? 0;
    if (byte === SPACE || byte === TAB) blanks += 1;
    else {
      // Spaces at the start and at the end of a line are not counted.
      strange += digits + strange + equals > 0 ? blanks : 0;
      blanks = 0;
      if ((BASE64[byte] ?? -1) !== -1) digits += 1;
      else if (byte === EQUALS) equals += 1;
      else strange += 1;
    }
  }
  return { digits, equals, strange };
}

/** For each character code, the six bits that the base64 digit encodes; -1 if the character is no base64 digit. */
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
    // An equals sign that begins neither an escape nor a soft line break is kept without a change.
    if (lineEnd === -1) out[length++] = low === -1 ? byte : high * 16 + low;
    place = lineEnd !== -1 ? lineEnd : low !== -1 ? place + 3 : place + 1;
  }
  return out.subarray(0, length);
}

const EQUALS = 0x3d;
const CR = 0x0d;
const LF = 0x0a;
const TAB = 0x09;
/** Largest number of spaces after the equals sign of a soft line break. Mail servers may add spaces; a line has at most 76 characters. */
const MAX_PADDING = 80;

/** Returns the start of the next line if the rest of this line contains only spaces and tabs; otherwise -1. */
function softBreak(body: Buffer, from: number): number {
  let place = from;
  while (place < from + MAX_PADDING && (body[place] === SPACE || body[place] === TAB)) place += 1;
  while (body[place] === CR && place < from + MAX_PADDING) place += 1;
  return body[place] === LF ? place + 1 : place >= body.length ? place : -1;
}

/** A file that was encoded with uuencode (POSIX) within a text. */
export interface UuencodedFile {
  readonly filename: string;
  readonly content: Buffer;
}

const BEGIN = /^begin(-base64)? [0-7]{3,4} ([^\r\n]{1,255}?)[ \t\r]*$/gm;

/** Removes the uuencoded files from a text, and decodes the files. Text that only resembles a uuencoded file is kept. */
export function uuencoded(text: string): { readonly rest: string; readonly files: readonly UuencodedFile[] } {
  const files: UuencodedFile[] = [];
  let rest = '';
  let taken = 0;
  for (const { 0: line, 1: base64, 2: filename = '', index } of text.matchAll(BEGIN)) {
    if (index < taken || files.length === MAX_FILES) continue;
    const start = text.indexOf('\n', index + line.length) + 1;
    const found = start === 0 ? undefined : base64 ? untilEqualSigns(text, start) : untilEnd(text, start);
    if (found === undefined) continue;
    files.push({ filename, content: found.content });
    rest += text.slice(taken, index);
    taken = found.end;
  }
  return files.length === 0 ? { rest: text, files } : { rest: rest + text.slice(taken), files };
}

/** Largest number of files that are extracted from a text. Without this limit, a hostile mail could become thousands of attachments. */
const MAX_FILES = 100;

interface Found {
  readonly content: Buffer;
  readonly end: number;
}

/**
 * Decodes uuencoded lines up to the line `end`. Each line consists of one character that encodes the length of the line, and of groups of
 * four characters.
 */
function untilEnd(text: string, start: number): Found | undefined {
  const pieces: Buffer[] = [];
  for (let at = start; at < text.length; ) {
    const stop = text.indexOf('\n', at);
    const end = stop === -1 ? text.length : stop;
    const line = text.slice(at, Math.min(end, at + MAX_LINE)).replace(/\r+$/, '');
    at = end + 1;
    if (line.trim() === 'end') return { content: Buffer.concat(pieces), end: Math.min(at, text.length) };
    const bytes = ofLine(line);
    if (bytes === undefined) return undefined;
    pieces.push(bytes);
  }
  return undefined;
}

const MAX_LINE = 100;

function ofLine(line: string): Buffer | undefined {
  const length = six(line.charCodeAt(0) || SPACE);
  const groups = Math.ceil(length / 3);
  // Spaces at the end of a line encode zeros. Some mail servers remove these spaces, so they are added again.
  const padded = line.slice(1).padEnd(groups * 4, ' ');
  if (length < 0 || length > 45 || line.length > 1 + groups * 4 + 4) return undefined;
  const bytes = Buffer.alloc(groups * 3);
  for (let group = 0; group < groups; group += 1) {
    const [a = -1, b = -1, c = -1, d = -1] = [0, 1, 2, 3].map((place) => six(padded.charCodeAt(group * 4 + place)));
    if (Math.min(a, b, c, d) < 0) return undefined;
    bytes.writeUIntBE((a << 18) | (b << 12) | (c << 6) | d, group * 3, 3);
  }
  return bytes.subarray(0, length);
}

const SPACE = 0x20;

function six(character: number): number {
  return character >= SPACE && character <= 0x60 ? (character - SPACE) & 0x3f : -1;
}

/** Decodes a file in the format `begin-base64`, which ends with a line of four equals signs. */
function untilEqualSigns(text: string, start: number): Found | undefined {
  // The end is searched only within the base64 digits and white space that follow. Otherwise the rest of the text
  // would be searched again for each file that has no end.
  BASE64_LINES.lastIndex = start;
  const lines = BASE64_LINES.exec(text)?.[0] ?? '';
  const length = lines.startsWith('====') ? 0 : lines.indexOf('\n====');
  if (length === -1) return undefined;
  const next = text.indexOf('\n', start + length + 1);
  return { content: Buffer.from(lines.slice(0, length), 'base64'), end: next === -1 ? text.length : next + 1 };
}

const BASE64_LINES = /[A-Za-z0-9+/=\s]*/y;
