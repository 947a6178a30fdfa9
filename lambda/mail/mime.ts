import { Readable } from 'node:stream';
import { fold, headerTokens, mailboxHeader, textHeader } from './header-line.ts';
import { withCrlf } from './line-ends.ts';
import type { Message } from './message.ts';
import { attachmentPart, calendarPart, type PartBytes, partSize } from './mime-part.ts';

/**
 * The message as MIME: CRLF line ends, no Bcc, lines of at most 998 characters, and ASCII unless an address has a
 * non-ASCII local part. The bytes of attachments are copied once.
 */
export async function composeMime(message: Message): Promise<Buffer> {
  const { default: MailComposer } = await loadComposer();
  const { calendar } = message;
  const parts = new MailComposer({
    messageId: message.messageId,
    date: message.date.toUTCString().replace('GMT', '+0000'),
    ...(message.text !== undefined && { text: withCrlf(message.text) }),
    ...(message.html !== undefined && { html: withCrlf(message.html) }),
    // Parts are written here: nodemailer puts encoded words into file names (read in 10.6.0, 2026-11-28), and makes
    // several copies of a large file.
    ...(calendar && { alternatives: [{ raw: bytesOf(calendarPart(calendar)) }] }),
    attachments: message.attachments.map((attachment) => ({
      raw: bytesOf(attachmentPart(attachment)),
      ...(attachment.contentId !== undefined && { cid: attachment.contentId }),
    })),
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  return await gather(head(message), parts.createReadStream(), sizeOf(message));
}

let composer: Promise<typeof import('nodemailer/lib/mail-composer')> | undefined;

/** Loads the library that composes messages: not every provider needs MIME, and a cold start should not load it for them. */
export function loadComposer(): Promise<typeof import('nodemailer/lib/mail-composer')> {
  composer ??= import('nodemailer/lib/mail-composer');
  return composer;
}

/**
 * The MIME of the same mail with the addresses of another message: only the header lines that Mailover writes itself
 * differ.
 */
export function readdressed(mime: Buffer, from: Message, to: Message): Buffer {
  return Buffer.concat([head(to), mime.subarray(head(from).length)]);
}

/** Lower bound of the size of the MIME: a message above a limit by this bound need not be composed. */
export function leastSize({ attachments }: Message): number {
  return attachments.reduce((sum, { content }) => sum + Math.floor((content.length * 4) / 3), 0);
}

/** Upper bound of the size of the MIME: a message below a limit by this bound need not be composed. */
export function mostSize(message: Message): number {
  const { from, to, cc, replyTo, subject, headers, text = '', html = '', calendar, attachments } = message;
  const mailboxes = [from, ...to, ...cc, ...replyTo].map(({ name = '', address }) => name.length + address.length);
  const fields = headers.map(([name, value]) => name.length + value.length);
  const names = attachments.map(
    ({ filename, contentType, contentId = '' }) => 2 * filename.length + contentType.length + contentId.length,
  );
  const lines = [...mailboxes, ...fields, ...names, subject.length];
  const head = lines.reduce((sum, length) => sum + length * UNIT_IN_HEADER + LINE_OVERHEAD, 0);
  // Quoted-printable writes three characters for an octet, and three more for each line of 76; a lone line feed gets a
  // carriage return.
  const bodies = (Buffer.byteLength(text) + Buffer.byteLength(html)) * 3.2;
  const parts = attachments.reduce((sum, { content }) => sum + partSize(content.length), 0);
  const invitation = partSize(Buffer.byteLength(calendar?.content ?? ''));
  return Math.ceil(head + bodies + parts + invitation) + (attachments.length + 4) * PART_OVERHEAD;
}

/** Bytes for one UTF-16 unit in a header: three octets, each as `=XX` or `%XX`, and its part of what encloses them. */
const UNIT_IN_HEADER = 12;
/** Bytes of the name, the folds and the parameters of a header line, without its value. */
const LINE_OVERHEAD = 300;
/** Bytes of the boundaries and of the remaining header lines of a part, and of its multipart. */
const PART_OVERHEAD = 1_000;

// Header lines are written here, since nodemailer parses addresses again, encodes only parts of a name, and passes on
// text that looks encoded (read in nodemailer 10.6.0, 2026-11-23).
function head({ from, to, cc, replyTo, subject, headers }: Message): Buffer {
  const lines = [
    mailboxHeader('From', [from]),
    ...(to.length > 0 ? [mailboxHeader('To', to)] : []),
    ...(cc.length > 0 ? [mailboxHeader('Cc', cc)] : []),
    ...(to.length + cc.length === 0 ? ['To: undisclosed-recipients:;'] : []),
    ...(replyTo.length > 0 ? [mailboxHeader('Reply-To', replyTo)] : []),
    ...(subject === '' ? [] : [textHeader('Subject', subject)]),
    ...headers.map(([name, value]) => fold(name, headerTokens(name, value))),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

function bytesOf(part: PartBytes): Readable {
  return Readable.from(part(), { objectMode: false });
}

/** Estimated size, with room for headers of parts and for quoted-printable; the buffer grows if it is not enough. */
function sizeOf({ text = '', html = '', attachments, calendar }: Message): number {
  const parts = attachments.reduce((sum, { content }) => sum + partSize(content.length) + 2_000, 0);
  const bodies = Buffer.byteLength(text) + Buffer.byteLength(html) + 2 * Buffer.byteLength(calendar?.content ?? '');
  return Math.ceil(parts + bodies * 1.5) + 4_000;
}

async function gather(head: Buffer, stream: AsyncIterable<Buffer>, expected: number): Promise<Buffer> {
  let bytes = Buffer.allocUnsafe(head.length + expected);
  let length = head.copy(bytes);
  for await (const chunk of stream) {
    if (length + chunk.length > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.ceil((length + chunk.length) * 1.5));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    length += chunk.copy(bytes, length);
  }
  return bytes.subarray(0, length);
}
