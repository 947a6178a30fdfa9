import PostalMime, { type Attachment, decodeWords, type Email } from 'postal-mime';
import type { MailContent, ReceivedFile } from '../providers/inbound.ts';

/** Deeper than any mail of a person; each level costs a reader all those above it. */
const MAX_NESTING = 64;
/** Of all headers, of all parts. */
const MAX_HEADER_BYTES = 1024 * 1024;
/** Of a mail whose headers alone are too many, this much is still read. */
const SOME_HEADER_BYTES = 128 * 1024;
/** More than this many parts, and the files are left in the raw mail. */
const OPTIONS = {
  // A forwarded mail is a file like any other: its text is not that of the mail.
  forceRfc822Attachments: true,
  maxNestingDepth: MAX_NESTING,
  maxHeadersSize: MAX_HEADER_BYTES,
};

/** Takes a mail apart; never throws. What cannot be read gives its first headers, flagged. */
export async function readMime(mime: Buffer): Promise<MailContent> {
  try {
    return contentOf(await PostalMime.parse(mime, OPTIONS));
  } catch {
    return { ...(await readHeaders(mime)), unparsable: true };
  }
}

async function readHeaders(mime: Buffer): Promise<MailContent> {
  const start = mime.subarray(0, SOME_HEADER_BYTES);
  const end = /\r?\n\r?\n/.exec(start.toString('latin1'))?.index ?? start.lastIndexOf('\n') + 1;
  try {
    const { headers } = contentOf(await PostalMime.parse(start.subarray(0, end), OPTIONS));
    return { headers, files: [] };
  } catch {
    return { headers: [], files: [] };
  }
}

function contentOf({ headers, text, html, attachments }: Email): MailContent {
  return {
    headers: headers.map(({ originalKey, value }) => [originalKey, decodeWords(value)]),
    ...(text && { text }),
    ...(html && { html }),
    files: attachments.map(fileOf),
  };
}

function fileOf({ filename, mimeType, disposition, related, contentId, content }: Attachment): ReceivedFile {
  return {
    ...(filename && { filename }),
    contentType: mimeType,
    content: typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content),
    ...(contentId && { contentId }),
    inline: disposition === 'inline' || related === true,
  };
}
