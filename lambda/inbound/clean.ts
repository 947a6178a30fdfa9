/** Text that every JSON parser and queue accepts: NUL and lone surrogates become U+FFFD. */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** Longest subject or name; `headers` has the complete header. */
const MAX_LINE = 20_000;

/** Text of one line, in which folding and other runs of white space are one space. */
export function inOneLine(text: string): string {
  return clean(text.slice(0, MAX_LINE))
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

const MAX_FILENAME = 255;

/**
 * The last part of a path, without characters that have a meaning for file systems or terminals; undefined if nothing is
 * left.
 */
export function safeFilename(given: string | undefined): string | undefined {
  const name = clean(given ?? '')
    .split(/[/\\]/)
    .at(-1)
    // Control characters, and those that change the direction of text, which show `txt.exe` as `exe.txt`.
    ?.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim();
  if (!name || /^\.+$/.test(name)) return undefined;
  if (name.length <= MAX_FILENAME) return name;
  const extension = /\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? '';
  return name.slice(0, MAX_FILENAME - extension.length).toWellFormed() + extension;
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** The media type without parameters, in lower case; `application/octet-stream` if invalid. */
export function mediaType(given: string): string {
  const type = given.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return MEDIA_TYPE.test(type) ? type : 'application/octet-stream';
}
