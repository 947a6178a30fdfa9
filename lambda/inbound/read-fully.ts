import { isAscii } from 'node:buffer';
import { defined } from '../platform/defined.ts';
import type { MailContent, PostedMail, ReceivedFile } from '../providers/inbound.ts';
import { valuesOf } from './headers.ts';
import { readMime } from './mime.ts';

/**
 * Reads the content of a mail from the bytes of the raw mail. If these bytes are unreadable, the content that the provider parsed
 * is used instead. If the provider converted the raw mail to characters in JSON, and this damaged some of the content, the
 * content that the provider parsed replaces the damaged parts.
 */
export function readFully(mime: Buffer, { content: byProvider, mimeWasText }: PostedMail): MailContent {
  const content = readMime(mime, mimeWasText);
  const { headers, text, html, files } = content;
  const hasText = byProvider.text !== undefined || byProvider.html !== undefined;
  if (content.unparsable && ((text ?? html) === undefined || (headers.length === 0 && hasText)) && files.length === 0)
    return { ...content, ...byProvider, headers: headers.length > 0 ? headers : byProvider.headers, unparsable: true };
  if (!mimeWasText || isAscii(mime)) return content;
  const whole = files.map((file) => asPosted(file, byProvider));
  const shown = hasText && !hasLettersOf(content, byProvider) ? byProvider : content;
  return {
    headers: restored(headers, byProvider.headers),
    // The provider's text is used only if the raw mail has a text, too, and its HTML only if the raw mail has HTML: if a mail has
    // no text, Mailgun adds a text made from the HTML.
    ...defined({
      text: text === undefined ? undefined : shown.text,
      html: html === undefined ? undefined : shown.html,
    }),
    files: whole,
    ...defined({
      stated: byProvider.stated,
      truncated: content.truncated || undefined,
      cut: content.cut || undefined,
      unparsable: content.unparsable || isDamagedText(shown) || whole.some(isDamaged) || undefined,
    }),
  };
}

/**
 * Whether the text and HTML that the provider parsed contain every non-ASCII character of `content`. If `content` was read in a
 * wrong charset, it contains other characters.
 */
function hasLettersOf(content: MailContent, byProvider: MailContent): boolean {
  const known = lettersOf(byProvider);
  return [...lettersOf(content)].every((letter) => known.has(letter));
}

const ASCII = 0x80;

/** Returns the non-ASCII UTF-16 code units of the texts, except white space. Each text is read only once, since texts may be long. */
function lettersOf({ text = '', html = '' }: MailContent): Set<string> {
  const marks = new Uint8Array(0x10000);
  for (const shown of [text, html]) for (let at = 0; at < shown.length; at += 1) marks[shown.charCodeAt(at)] = 1;
  const letters = new Set<string>();
  for (const [unit, mark] of marks.entries())
    if (mark === 1 && unit >= ASCII && !/\s/.test(String.fromCharCode(unit))) letters.add(String.fromCharCode(unit));
  return letters;
}

/** Replaces the damaged values of headers (values with U+FFFD) by the values that the provider posted. */
function restored(headers: MailContent['headers'], stated: MailContent['headers']): MailContent['headers'] {
  const seen = new Map<string, number>();
  return headers.map(([name, value]) => {
    const key = name.toLowerCase();
    const place = seen.get(key) ?? 0;
    seen.set(key, place + 1);
    return [name, value.includes(UNREADABLE) ? (valuesOf(stated, key)[place] ?? value) : value];
  });
}

/** Replaces the damaged name or content of a file by the name or content that the provider posted, if there is any. */
function asPosted(file: ReceivedFile, { files: posted, stated }: MailContent): ReceivedFile {
  if (file.wasText) {
    const found = posted.find(({ filename }) => filename === file.filename);
    const { wasText: _, ...rest } = file;
    return found === undefined ? file : { ...rest, content: found.content };
  }
  if (!file.filename?.includes(UNREADABLE)) return file;
  const named = [
    ...posted.map(({ filename, content }) => ({ filename, size: content.length })),
    ...(stated?.files ?? []),
  ];
  const names = named.flatMap(({ filename, size }) => (size === file.content.length && filename ? [filename] : []));
  const [filename = file.filename] = names.filter((name) => isLike(name, file.filename ?? ''));
  return { ...file, filename };
}

/** Whether a name may be the undamaged form of `damaged`: both begin and end in the same way. */
function isLike(name: string, damaged: string): boolean {
  const [start = '', ...rest] = damaged.split(/\ufffd+/);
  return name.startsWith(start) && name.endsWith(rest.at(-1) ?? '');
}

function isDamagedText({ text = '', html = '' }: MailContent): boolean {
  return text.includes(UNREADABLE) || html.includes(UNREADABLE);
}

function isDamaged({ wasText, content }: ReceivedFile): boolean {
  return wasText === true && Buffer.from(content).includes(UNREADABLE);
}

const UNREADABLE = '\ufffd';
