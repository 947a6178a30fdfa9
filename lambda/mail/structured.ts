import libmime from 'libmime';

/** The value of a structured header and its parameters, comments left out; names are in lower case. */
export interface Structured {
  readonly value: string;
  readonly params: Readonly<Record<string, string>>;
  /** Parameters that are in the form of RFC 2231, and decoded for that reason. */
  readonly decodedParams: readonly string[];
}

/** No header that people write is longer. */
const MAX_CHARACTERS = 32 * 1024;

/** Reads a header such as Content-Type (RFC 2045, section 5.1, with RFC 2231); takes anything. */
export function structured(value: string): Structured {
  return libmime.parseHeaderValue(value.slice(0, MAX_CHARACTERS), { stripComments: true });
}

const TOKEN = '[A-Za-z0-9!#$&^_.+-]{1,127}';
const TYPE = new RegExp(`^${TOKEN}/${TOKEN}$`);
const BEFORE_PARAMETER = new RegExp(String.raw`^\s*(${TOKEN}/${TOKEN})[\s,:]+(\S[^]*)$`);

/** Whether it is a media type; RFC 2045, section 5.2, takes anything else for plain text. */
export function isMediaType(type: string): boolean {
  return TYPE.test(type);
}

/** A Content-Type as it was meant: its first semicolon, or the subtype of a multipart, may be missing. */
export function repairedType(value: string): string {
  const { value: type, params } = structured(value);
  if (isMediaType(type)) return value;
  const [, bare, rest] = BEFORE_PARAMETER.exec(value.slice(0, MAX_CHARACTERS)) ?? [];
  if (bare !== undefined) return `${bare}; ${rest}`;
  return /^multipart\/?$/i.test(type) && params['boundary'] ? value.replace(/multipart\/?/i, 'multipart/mixed') : value;
}
