import libmime from 'libmime';

/** The value and the parameters of a structured header, without comments. The names of the parameters are in lower case. */
export interface Structured {
  readonly value: string;
  readonly params: Readonly<Record<string, string>>;
  /** Names of the parameters that were written in the form of RFC 2231, and were decoded for this reason. */
  readonly decodedParams: readonly string[];
}

/** Largest number of characters of a header that are read. */
const MAX_CHARACTERS = 32 * 1024;

/** Reads the value of a header such as Content-Type (RFC 2045, section 5.1, and RFC 2231). Accepts any text. */
export function structured(value: string): Structured {
  return libmime.parseHeaderValue(value.slice(0, MAX_CHARACTERS), { stripComments: true });
}

const TOKEN = '[A-Za-z0-9!#$&^_.+-]{1,127}';
const TYPE = new RegExp(`^${TOKEN}/${TOKEN}$`);
/** Old mail programs write blanks around the slash of a media type: RFC 822 allowed blanks between all tokens of a header. */
const AROUND_SLASH = /[ \t]{0,9}\/[ \t]{0,9}/;
const BEFORE_PARAMETER = new RegExp(String.raw`^\s*(${TOKEN}/${TOKEN})[\s,:]+(\S[^]*)$`);

/** Whether a text has the form of a media type. By RFC 2045, section 5.2, content with a type of any other form is treated as plain text. */
export function isMediaType(type: string): boolean {
  return TYPE.test(type);
}

/**
 * Repairs the value of a Content-Type header that has blanks around the slash, or in which the type, the first semicolon, or the subtype of
 * a multipart is missing.
 */
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

/** Repairs a Content-Disposition header in which the value, or the semicolon after the value, is missing. */
export function repairedDisposition(value: string): string {
  if (WITHOUT_VALUE.test(value)) return `attachment; ${value}`;
  const [, disposition, rest] = WITHOUT_SEMICOLON.exec(value.slice(0, MAX_CHARACTERS)) ?? [];
  return disposition === undefined ? value : `${disposition}; ${rest}`;
}

const QUOTED_OR_BARE_NAME = /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|(\b(?:file)?name\s*=)\s*([^\s";][^";]*)/gi;

/**
 * Writes quotation marks around a file name that contains parentheses, since many mail programs omit the quotation marks. If the name is a
 * single word with text in parentheses before or after it, this text is a comment, and is removed. In all other cases the parentheses are
 * part of the file name.
 */
export function withQuotedName(value: string): string {
  return value.slice(0, MAX_CHARACTERS).replace(QUOTED_OR_BARE_NAME, (whole, name?: string, bare = '') => {
    if (name === undefined || !bare.includes('(')) return whole;
    const [, word] = /^(?:\([^()]*\)\s*)*([^\s()]\S*)(?:\s+\([^()]*\))*\s*$/.exec(bare) ?? [];
    return `${name}"${(word ?? bare.trim()).replaceAll('\\', '\\\\')}"`;
  });
}

/**
 * Removes the comments from a header value. Comments may contain other comments (RFC 5322, section 3.2.2). Parentheses within angle
 * brackets are no comments.
 */
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
