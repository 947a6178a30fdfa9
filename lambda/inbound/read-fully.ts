import { isAscii } from 'node:buffer';
import { defined } from '../platform/defined.ts';
import type { MailContent, PostedMail, ReceivedFile } from '../providers/inbound.ts';
import { valuesOf } from './headers.ts';
import { readMime } from './mime.ts';

/**
 * The content of a mail from its own bytes. The provider's parsing is used where nothing is found in them, and for bytes
 * that were lost because the provider converted the mail to JSON characters.
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
    // Mailgun adds a text made from the HTML if a mail has none.
    ...(text !== undefined && shown.text !== undefined && { text: shown.text }),
    ...(html !== undefined && shown.html !== undefined && { html: shown.html }),
    files: whole,
    ...defined({
      stated: byProvider.stated,
      truncated: content.truncated || undefined,
      cut: content.cut || undefined,
      unparsable: content.unparsable || isDamagedText(shown) || whole.some(isDamaged) || undefined,
    }),
  };
}

/** Whether the provider's text has the same letters: text read in the wrong charset has others. */
function hasLettersOf(content: MailContent, byProvider: MailContent): boolean {
  const known = lettersOf(byProvider);
  return [...lettersOf(content)].every((letter) => known.has(letter));
}

const ASCII = 0x80;

/** The non-ASCII UTF-16 units of the texts, except white space; in one pass, since texts may be long. */
function lettersOf({ text = '', html = '' }: MailContent): Set<string> {
  const marks = new Uint8Array(0x10000);
  for (const shown of [text, html]) for (let at = 0; at < shown.length; at += 1) marks[shown.charCodeAt(at)] = 1;
  const letters = new Set<string>();
  for (const [unit, mark] of marks.entries())
    if (mark === 1 && unit >= ASCII && !/\s/.test(String.fromCharCode(unit))) letters.add(String.fromCharCode(unit));
  return letters;
}

/** Headers with damaged values replaced by the provider's. */
function restored(headers: MailContent['headers'], stated: MailContent['headers']): MailContent['headers'] {
  const seen = new Map<string, number>();
  return headers.map(([name, value]) => {
    const key = name.toLowerCase();
    const place = seen.get(key) ?? 0;
    seen.set(key, place + 1);
    return [name, value.includes(UNREADABLE) ? (valuesOf(stated, key)[place] ?? value) : value];
  });
}

/** A file whose name or bytes are damaged in the mail gets those that the provider posted, if it posted some. */
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

/** Whether this may be the undamaged name: it contains the letters that are left. */
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
