/** Returns text that every JSON parser and every queue accepts: NUL and lone surrogates (halves of UTF-16 pairs) become U+FFFD. */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** Largest number of characters of a subject or name. The field `headers` of the message still has the complete header. */
const MAX_LINE = 20_000;

/**
 * Returns the first `MAX_LINE` characters of a text in one line: each run of white space, line breaks and control characters
 * becomes one space.
 */
export function inOneLine(text: string): string {
  return clean(text.slice(0, MAX_LINE))
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

const MAX_FILENAME = 255;

/**
 * Returns the last part of a path, without control characters, and with at most `MAX_FILENAME` characters; undefined if nothing
 * but dots is left.
 */
export function safeFilename(given: string | undefined): string | undefined {
  const name = clean(given ?? '')
    .split(/[/\\]/)
    .at(-1)
    // Removes control characters, and characters that change the direction of text: a changed direction can make `txt.exe` look
    // like `exe.txt`.
    ?.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim();
  if (!name || /^\.+$/.test(name)) return undefined;
  if (name.length <= MAX_FILENAME) return name;
  const extension = /\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? '';
  return name.slice(0, MAX_FILENAME - extension.length).toWellFormed() + extension;
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** Returns the media type without parameters, in lower case; `application/octet-stream` if the media type is invalid. */
export function mediaType(given: string): string {
  const type = given.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return MEDIA_TYPE.test(type) ? type : 'application/octet-stream';
}
