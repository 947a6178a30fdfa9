import libmime from 'libmime';

/** The value of a structured header and its parameters, without comments; names are in lower case. */
export interface Structured {
  readonly value: string;
  readonly params: Readonly<Record<string, string>>;
  /** Parameters that were decoded because they have the form of RFC 2231. */
  readonly decodedParams: readonly string[];
}

/** Characters of a header that are read. */
const MAX_CHARACTERS = 32 * 1024;

/** Reads a header such as Content-Type (RFC 2045, section 5.1, with RFC 2231); accepts any text. */
export function structured(value: string): Structured {
  return libmime.parseHeaderValue(value.slice(0, MAX_CHARACTERS), { stripComments: true });
}

const TOKEN = '[A-Za-z0-9!#$&^_.+-]{1,127}';
const TYPE = new RegExp(`^${TOKEN}/${TOKEN}$`);
/** Old clients write blanks between all words of a header, as RFC 822 allowed. */
const AROUND_SLASH = /[ \t]{0,9}\/[ \t]{0,9}/;
const BEFORE_PARAMETER = new RegExp(String.raw`^\s*(${TOKEN}/${TOKEN})[\s,:]+(\S[^]*)$`);

/** Whether this is a media type; RFC 2045, section 5.2, treats anything else as plain text. */
export function isMediaType(type: string): boolean {
  return TYPE.test(type);
}

/** Repairs a Content-Type whose first semicolon, or the subtype of a multipart, is missing, or with blanks in the type. */
export function repairedType(value: string): string {
  const { value: type, params } = structured(value);
  if (isMediaType(type)) return value;
  if (isMediaType(type.replace(AROUND_SLASH, '/'))) return value.replace(AROUND_SLASH, '/');
  if (WITHOUT_VALUE.test(value)) return `application/octet-stream; ${value}`;
  const [, bare, rest] = BEFORE_PARAMETER.exec(value.slice(0, MAX_CHARACTERS)) ?? [];
  if (bare !== undefined) return `${bare}; ${rest}`;
  return /^multipart\/?$/i.test(type) && params['boundary'] ? value.replace(/multipart\/?/i, 'multipart/mixed') : value;
}

const NAME = String.raw`(?:file)?name(?:\*\d*\*?)?`;
const WITHOUT_VALUE = new RegExp(String.raw`^\s*${NAME}\s*=`, 'i');
const WITHOUT_SEMICOLON = new RegExp(String.raw`^\s*(${TOKEN})[\s,:]+(${NAME}\s*=[^]*)$`, 'i');

/** Repairs a Content-Disposition whose value, or the semicolon after it, is missing. */
export function repairedDisposition(value: string): string {
  if (WITHOUT_VALUE.test(value)) return `attachment; ${value}`;
  const [, disposition, rest] = WITHOUT_SEMICOLON.exec(value.slice(0, MAX_CHARACTERS)) ?? [];
  return disposition === undefined ? value : `${disposition}; ${rest}`;
}

const QUOTED_OR_BARE_NAME = /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|(\b(?:file)?name\s*=)\s*([^\s";][^";]*)/gi;

/**
 * Quotes the file name of a header. Many clients omit the quotes: then parentheses within several words are part of the
 * name, and those before or after a single word are a comment.
 */
export function withQuotedName(value: string): string {
  return value.slice(0, MAX_CHARACTERS).replace(QUOTED_OR_BARE_NAME, (whole, name?: string, bare = '') => {
    if (name === undefined || !bare.includes('(')) return whole;
    const [, word] = /^(?:\([^()]*\)\s*)*([^\s()]\S*)(?:\s+\([^()]*\))*\s*$/.exec(bare) ?? [];
    return `${name}"${(word ?? bare.trim()).replaceAll('\\', '\\\\')}"`;
  });
}

/** A value without its comments, which may be nested (RFC 5322, section 3.2.2); angle brackets contain no comments. */
export function withoutComments(value: string): string {
  let depth = 0;
  let angled = false;
  let text = '';
  for (let at = 0; at < value.length; at += 1) {
    const sign = value[at] ?? '';
    if (depth === 0 && sign === '<') angled = true;
    if (sign === '>') angled = false;
    if (sign === '\\' && !angled) at += 1;
    else if (sign === '(' && !angled) depth += 1;
    else if (sign === ')' && !angled) depth = Math.max(0, depth - 1);
    else if (depth === 0) text += sign;
  }
  return text;
}
