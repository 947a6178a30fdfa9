import { isAscii } from 'node:buffer';
import type { MailContent, PostedMail, ReceivedFile } from '../providers/inbound.ts';
import { readMime } from './mime.ts';

/**
 * The content of a mail by its own bytes. What the provider made of it counts where nothing is found in them, and for what
 * they lost on their way: within JSON the provider has turned them into characters, well or badly.
 */
export function readFully(mime: Buffer, { content: byProvider, mimeWasText }: PostedMail): MailContent {
  const content = readMime(mime, mimeWasText);
  const { headers, text, html, files } = content;
  const told = byProvider.text !== undefined || byProvider.html !== undefined;
  if (content.unparsable && ((text ?? html) === undefined || (headers.length === 0 && told)) && files.length === 0)
    return { ...content, ...byProvider, headers: headers.length > 0 ? headers : byProvider.headers, unparsable: true };
  if (!mimeWasText || isAscii(mime)) return content;
  const whole = files.map((file) => (file.wasText ? asPosted(file, byProvider.files) : file));
  const shown = told && !hasLettersOf(content, byProvider) ? byProvider : content;
  return {
    headers,
    ...(shown.text !== undefined && { text: shown.text }),
    ...(shown.html !== undefined && { html: shown.html }),
    files: whole,
    ...(byProvider.stated && { stated: byProvider.stated }),
    ...(content.truncated && { truncated: true }),
    ...(content.cut && { cut: true }),
    ...((content.unparsable || isDamagedText(shown) || whole.some(isDamaged)) && { unparsable: true }),
  };
}

/** Characters that were read in the wrong charset are others than the provider has. */
function hasLettersOf(content: MailContent, byProvider: MailContent): boolean {
  const known = new Set(`${byProvider.text ?? ''}${byProvider.html ?? ''}`);
  return [...new Set(`${content.text ?? ''}${content.html ?? ''}`)].every(
    (letter) => isAscii(Buffer.from(letter)) || /\s/.test(letter) || known.has(letter),
  );
}

/** The file with the bytes that the provider took from the mail, if it posted them. */
function asPosted(file: ReceivedFile, posted: readonly ReceivedFile[]): ReceivedFile {
  const found = posted.find(({ filename }) => filename === file.filename);
  if (found === undefined) return file;
  const { wasText: _, ...rest } = file;
  return { ...rest, content: found.content };
}

function isDamagedText({ text = '', html = '' }: MailContent): boolean {
  return text.includes(UNREADABLE) || html.includes(UNREADABLE);
}

function isDamaged({ wasText, content }: ReceivedFile): boolean {
  return wasText === true && Buffer.from(content).includes(UNREADABLE);
}

const UNREADABLE = '\ufffd';
