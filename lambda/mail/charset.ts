import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import libmime from 'libmime';

/**
 * Decodes text of a mail. The declared charset may be right, wrong or absent.
 *
 * A byte order mark (UTF-8, UTF-16 or UTF-32) decides first. Otherwise `label` is used if it is the name of a known charset. If this
 * charset cannot decode all bytes, UTF-8 is used if the bytes are valid UTF-8; if they are not, the characters that cannot be decoded
 * become U+FFFD.
 *
 * The charset is guessed if `label` is absent or unknown, or is UTF-8 and the text contains no valid sequence of several bytes:
 * ISO-2022 from its escape sequences, UTF-8 from its byte patterns. If neither matches, `likely` is used, the charset of the rest of the
 * mail. If `likely` is absent or cannot decode all bytes, windows-1252 is used, the most common 8-bit charset of mail that declares no
 * charset.
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
  // UTF-32LE is checked before UTF-16LE: its byte order mark begins with the mark of UTF-16LE. No text in UTF-16LE begins with NUL.
  if (first === 0xff && second === 0xfe && third === 0 && fourth === 0) return decode(bytes, 'utf-32le');
  if (first === 0 && second === 0 && third === 0xfe && fourth === 0xff) return decode(bytes, 'utf-32be');
  if (first === 0xef && second === 0xbb && third === 0xbf) return bytes.toString('utf8', 3);
  if (first === 0xff && second === 0xfe) return decode(bytes, 'utf-16le');
  return first === 0xfe && second === 0xff ? decode(bytes, 'utf-16be') : undefined;
}

/** Guesses the byte order of UTF-16, which the charset label often omits, from the zero byte that UTF-16 has in each ASCII character. */
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

/** Recognises ISO-2022-JP, ISO-2022-KR and ISO-2022-CN by their escape sequences (RFC 1468, 1557, 1922) in the first 4096 bytes. */
function byEscapes(bytes: Buffer): string | undefined {
  if (!bytes.includes(0x1b)) return undefined;
  const start = bytes.toString('latin1', 0, 4096);
  if (start.includes('\x1b$)C')) return 'iso-2022-kr';
  if (start.includes('\x1b$)A')) return 'iso-2022-cn';
  const japanese = ['$@', '$B', '(J', '(I'].some((designation) => start.includes(`\x1b${designation}`));
  return japanese ? 'iso-2022-jp' : undefined;
}

/** Whether the decoded text contains at least one character that is written as several bytes in UTF-8. */
function hasSequence(text: string): boolean {
  return /[\u0080-\ufffc]/.test(text);
}

/** Returns the name of the codec for a charset label. Returns undefined for an unknown charset, and for ASCII and its national variants. */
export function codecOf(label: string): string | undefined {
  if (known.has(label)) return known.get(label);
  if (known.size >= MOST_KNOWN) known.clear();
  const codec = lookUp(label);
  known.set(label, codec);
  return codec;
}

/**
 * Cache of codec names by charset label. Without the cache, each look-up of an unknown label throws one or two exceptions, and a hostile
 * mail can contain thousands of labels.
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

/** Labels of ASCII and of its national variants (ISO 646), and names of iconv-lite codecs that are no charsets, such as base64. */
const NONE = /^(|.*ascii.*|ansi_x3.*|iso_?646.*|us|cp367|ibm367|binary|hex|base64|utf-?7-?imap|x-user-defined)$/;

/** Charset names that neither TextDecoder nor iconv-lite accepts. Names of code pages occur with leading zeros and with several prefixes. */
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

/** For a charset, the superset with which it is decoded. Many mail programs declare the smaller charset, but use characters of the larger charset. */
const WIDER: ReadonlyMap<string, string> = new Map([
  ['gbk', 'gb18030'],
  // For the names below, Node's TextDecoder supports only the smaller charset. Therefore iconv-lite decodes the larger charset.
  ['euc-kr', 'cp949'],
  ['big5', 'big5hkscs'],
]);

/**
 * Decoders for the charsets of RFC 1468, 1557, 1922 and 1843. TextDecoder and iconv-lite do not support these charsets, or cannot decode
 * their text if it is split up into several encoded words.
 */
const OWN: ReadonlyMap<string, (bytes: Buffer) => string> = new Map([
  ['iso-2022-jp', (bytes) => new TextDecoder('iso-2022-jp').decode(withoutIdleEscapes(bytes))],
  ['iso-2022-kr', (bytes) => decode(shifted(bytes), 'euc-kr')],
  ['iso-2022-cn', (bytes) => decode(shifted(bytes), 'gb18030')],
  ['hz-gb-2312', (bytes) => decode(tilded(bytes), 'gb18030')],
]);

/**
 * Removes each escape sequence that another escape sequence follows immediately. Such sequences occur when the bytes of several encoded
 * words are joined, and decoders refuse them.
 */
function withoutIdleEscapes(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  return text.includes('\x1b(B\x1b') ? Buffer.from(text.replaceAll('\x1b(B\x1b', '\x1b'), 'latin1') : bytes;
}

const ESCAPE = 0x1b;
const [SHIFT_OUT, SHIFT_IN, LF, TILDE] = [0x0e, 0x0f, 0x0a, 0x7e];

/** Converts ISO-2022 to EUC: sets the highest bit of each byte between SO (shift out) and SI (shift in). */
function shifted(bytes: Buffer): Buffer {
  return raised(bytes, (byte, at) => {
    // An escape sequence that selects a character set has four bytes, such as ESC $ ) C.
    if (byte === ESCAPE) return { skip: bytes[at + 1] === 0x24 ? 4 : 1 };
    if (byte === SHIFT_OUT) return { skip: 1, high: true };
    return byte === SHIFT_IN ? { skip: 1, high: false } : undefined;
  });
}

/** Converts HZ to EUC: sets the highest bit of each byte between `~{` and `~}`. */
function tilded(bytes: Buffer): Buffer {
  return raised(bytes, (byte, at) => {
    if (byte !== TILDE) return undefined;
    const next = bytes[at + 1];
    if (next === 0x7b) return { skip: 2, high: true };
    return next === 0x7d ? { skip: 2, high: false } : undefined;
  });
}

/**
 * Sets the highest bit of each byte between two shift sequences, and removes the shift sequences. `shiftAt` recognises a shift sequence. At
 * the start of each line, no shift is active.
 */
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
