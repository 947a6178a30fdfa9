import { decodeWords } from '../mail/decode-words.ts';
import { withLineEnds } from '../mail/lines.ts';
import { withoutComments } from '../mail/structured.ts';
import { uuencoded } from '../mail/transfer-encoding.ts';
import { defined } from '../platform/defined.ts';
import type { MailContent, ReceivedFile } from '../providers/inbound.ts';
import { referencesOf } from './html.ts';

/**
 * Returns the content of a mail in the same form for every provider: line ends are CRLF, blank text or HTML is left out,
 * uuencoded files in the text become attachments, and a file is `inline` if its Content-Disposition is `inline` or the HTML
 * refers to the file.
 */
export function normalised(content: MailContent): MailContent {
  const { text: givenText = '', html: givenHtml = '', files: given, ...rest } = content;
  const { rest: text, files: taken } = uuencoded(withLineEnds(givenText));
  const html = withLineEnds(givenHtml);
  const files = [...given, ...taken.map(asFile)];
  const references = referencesOf(
    files.some(({ contentId, contentLocation }) => contentId || contentLocation) ? html : '',
  );
  return {
    ...rest,
    ...defined({ text: unlessBlank(text), html: unlessBlank(html) }),
    files: files.map((file) => ({ ...file, inline: file.inline || isReferred(file, references) })),
  };
}

function unlessBlank(text: string): string | undefined {
  return /\S/.test(text) ? text : undefined;
}

function asFile({ filename, content }: { readonly filename: string; readonly content: Buffer }): ReceivedFile {
  return { filename: decodeWords(filename), contentType: 'application/octet-stream', content, inline: false };
}

function isReferred(
  { contentId = '', contentLocation = '' }: ReceivedFile,
  { ids, places }: ReturnType<typeof referencesOf>,
) {
  return ids.has(bareId(contentId)) || places.has(contentLocation.replace(/\s+/g, ''));
}

/** Returns a Content-ID without its angle brackets and without the comments before or after them. */
export function bareId(contentId: string): string {
  return /<([^<>]+)>/.exec(withoutComments(contentId))?.[1]?.trim() ?? contentId.trim();
}
