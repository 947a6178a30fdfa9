import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import libmime from 'libmime';

/**
 * Decodes text of a mail, whether its declared charset is right, wrong or absent.
 *
 * A known label is used if it can decode all bytes. Otherwise the charset is guessed: UTF-16 and UTF-32 by their byte
 * order marks, ISO-2022 by its escapes, UTF-8 by its form, else `likely`, the charset of the rest of the mail, and
 * finally windows-1252, the most common 8-bit charset of mail without a declaration.
 */
export function textFrom(bytes: Buffer, label?: string, likely?: string): string {
  const marked = byOrderMark(bytes);
  if (marked !== undefined) return marked;
  const codec = label === undefined ? undefined : codecOf(label);
  if (codec === undefined) return guessed(bytes, likely);
  if (codec.startsWith('utf-16') && isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
  const text = decode(bytes, codec === 'utf-16le' && isBigEndian(bytes) ? 'utf-16be' : codec);
  if (!text.includes(UNREADABLE)) return text;
  if (codec === 'utf-8') return hasSequence(text) ? text : guessed(bytes, likely);
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : text;
}

const UNREADABLE = '\ufffd';

function byOrderMark(bytes: Buffer): string | undefined {
  const [first, second, third, fourth] = bytes;
  // The mark of UTF-32 begins like that of UTF-16, but no text begins with NUL.
  if (first === 0xff && second === 0xfe && third === 0 && fourth === 0) return decode(bytes, 'utf-32le');
  if (first === 0 && second === 0 && third === 0xfe && fourth === 0xff) return decode(bytes, 'utf-32be');
  if (first === 0xef && second === 0xbb && third === 0xbf) return bytes.toString('utf8', 3);
  if (first === 0xff && second === 0xfe) return decode(bytes, 'utf-16le');
  return first === 0xfe && second === 0xff ? decode(bytes, 'utf-16be') : undefined;
}

/** Guesses the byte order, which the label often omits: letters of most scripts have one zero byte. */
function isBigEndian(bytes: Buffer): boolean {
  let [even, odd] = [0, 0];
  for (let at = 0; at + 1 < Math.min(bytes.length, 400); at += 2) {
    if (bytes[at] === 0) even += 1;
    if (bytes[at + 1] === 0) odd += 1;
  }
  return even > odd;
}

function guessed(bytes: Buffer, likely: string | undefined): string {
  if (isAscii(bytes)) {
    const escaped = byEscapes(bytes);
    return escaped ? decode(bytes, escaped) : bytes.toString('latin1');
  }
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const codec = likely === undefined ? undefined : codecOf(likely);
  const text = codec === undefined ? UNREADABLE : decode(bytes, codec);
  return text.includes(UNREADABLE) ? decode(bytes, 'windows-1252') : text;
}

/** ISO-2022-JP, -KR or -CN, by designations (RFC 1468, 1557, 1922) within the first lines. */
function byEscapes(bytes: Buffer): string | undefined {
  if (!bytes.includes(0x1b)) return undefined;
  const start = bytes.toString('latin1', 0, 4096);
  if (start.includes('\x1b$)C')) return 'iso-2022-kr';
  if (start.includes('\x1b$)A')) return 'iso-2022-cn';
  const japanese = ['$@', '$B', '(J', '(I'].some((designation) => start.includes(`\x1b${designation}`));
  return japanese ? 'iso-2022-jp' : undefined;
}

/** Whether at least one multi-byte character was decoded. */
function hasSequence(text: string): boolean {
  return /[\u0080-\ufffc]/.test(text);
}

/** Name of the codec for a charset; undefined for an unknown charset or one without 8-bit bytes. */
export function codecOf(label: string): string | undefined {
  if (known.has(label)) return known.get(label);
  if (known.size >= MOST_KNOWN) known.clear();
  const codec = lookUp(label);
  known.set(label, codec);
  return codec;
}

/**
 * Cache of codecs: each look-up of an unknown label costs one or two exceptions, and a hostile mail has thousands of
 * labels.
 */
const known = new Map<string, string | undefined>();
const MOST_KNOWN = 1_000;

function lookUp(label: string): string | undefined {
  const [name = ''] = label
    .slice(0, 60)
    .toLowerCase()
    .replace(/^[\s"']*(charset=)?[\s"']*/, '')
    .split(/[\s"',;]/, 1);
  if (NONE.test(name)) return undefined;
  for (const candidate of [
    name,
    name.replace(/^x-/, ''),
    libmime.normalizeCharset(name).toLowerCase(),
    aliasOf(name),
  ]) {
    if (OWN.has(candidate)) return candidate;
    const codec = whatwgName(candidate) ?? (iconv.encodingExists(candidate) ? candidate : undefined);
    if (codec !== undefined && !NONE.test(codec)) return codec;
  }
  return undefined;
}

/** ASCII has no 8-bit bytes; iconv-lite's codecs for bytes are no charsets. */
const NONE = /^(|.*ascii.*|ansi_x3.*|iso_?646.*|us|cp367|ibm367|binary|hex|base64|utf-?7-?imap|x-user-defined)$/;

/** Names that both libraries lack; code pages are written with leading zeros and several prefixes. */
const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/^(?:x-)?unicode-\d-\d-utf-?(\d+)$/, 'utf-$1'],
  [/^(?:x-ms-)(.*)$/, '$1'],
  [/^(?:cp5022[0-2]|iso-2022-jp-.*|jis)$/, 'iso-2022-jp'],
  [/^iso-2022-cn-ext$/, 'iso-2022-cn'],
  [/^(?:uhc|ms949)$/, 'euc-kr'],
  [/^(?:cp51932|eucjp-ms)$/, 'euc-jp'],
  [/^(?:hz|hz-gb)$/, 'hz-gb-2312'],
  [/^(?:gb|cn-gb|gb18030-\d{4})$/, 'gb18030'],
  [/^(?:chinesebig5|big5-\d{4})$/, 'big5'],
  [/^latin0$/, 'iso-8859-15'],
  [/^(?:x-)?(?:cs)?(?:ms-?)?(?:ibm|cp|ccsid|dos|pc)[-_]?0*([1-9]\d{1,4})$/, 'cp$1'],
];

function aliasOf(name: string): string {
  const [pattern, written] = ALIASES.find(([names]) => names.test(name)) ?? [];
  return pattern && written ? name.replace(pattern, written) : name;
}

function whatwgName(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

function decode(bytes: Buffer, codec: string): string {
  const own = OWN.get(codec);
  if (own !== undefined) return own(bytes);
  const name = WIDER.get(codec) ?? codec;
  return whatwgName(name) === undefined ? iconv.decode(bytes, name) : new TextDecoder(name).decode(bytes);
}

/** Many clients write a wider charset under the name of a narrower one. */
const WIDER: ReadonlyMap<string, string> = new Map([
  ['gbk', 'gb18030'],
  // Node's decoders know only the narrower variant of these two.
  ['euc-kr', 'cp949'],
  ['big5', 'big5hkscs'],
]);

/** Charsets of RFC 1468, 1557, 1922 and 1843 that both libraries lack, or cannot decode across encoded words. */
const OWN: ReadonlyMap<string, (bytes: Buffer) => string> = new Map([
  ['iso-2022-jp', (bytes) => new TextDecoder('iso-2022-jp').decode(withoutIdleEscapes(bytes))],
  ['iso-2022-kr', (bytes) => decode(shifted(bytes), 'euc-kr')],
  ['iso-2022-cn', (bytes) => decode(shifted(bytes), 'gb18030')],
  ['hz-gb-2312', (bytes) => decode(tilded(bytes), 'gb18030')],
]);

/** Removes escapes that are followed by another one: decoders refuse them, and joined encoded words contain them. */
function withoutIdleEscapes(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  return text.includes('\x1b(B\x1b') ? Buffer.from(text.replaceAll('\x1b(B\x1b', '\x1b'), 'latin1') : bytes;
}

const ESCAPE = 0x1b;
const [SHIFT_OUT, SHIFT_IN, LF, TILDE] = [0x0e, 0x0f, 0x0a, 0x7e];

/** Converts ISO-2022 to EUC: between SO and SI both bytes of a character are 7-bit, and EUC sets their high bits. */
function shifted(bytes: Buffer): Buffer {
  return raised(bytes, (byte, at) => {
    // A designation has four bytes: ESC $ ) C.
    if (byte === ESCAPE) return { skip: bytes[at + 1] === 0x24 ? 4 : 1 };
    if (byte === SHIFT_OUT) return { skip: 1, high: true };
    return byte === SHIFT_IN ? { skip: 1, high: false } : undefined;
  });
}

/** Converts HZ to EUC: what is between `~{` and `~}` has the same codes, without the high bits. */
function tilded(bytes: Buffer): Buffer {
  return raised(bytes, (byte, at) => {
    if (byte !== TILDE) return undefined;
    const next = bytes[at + 1];
    if (next === 0x7b) return { skip: 2, high: true };
    return next === 0x7d ? { skip: 2, high: false } : undefined;
  });
}

/** Sets the high bits between two shifts; each line begins unshifted. */
function raised(bytes: Buffer, shiftAt: (byte: number, at: number) => { skip: number; high?: boolean } | undefined) {
  const out = Buffer.allocUnsafe(bytes.length);
  let [length, at, high] = [0, 0, false];
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    const shift = shiftAt(byte, at);
    high = shift?.high ?? (byte === LF ? false : high);
    if (shift === undefined) out[length++] = high && byte > 0x20 ? byte | 0x80 : byte;
    at += shift?.skip ?? 1;
  }
  return out.subarray(0, length);
}
