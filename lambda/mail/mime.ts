import { randomUUID } from 'node:crypto';
import { fold, headerTokens, mailboxHeader, textHeader } from './header-line.ts';
import { withCrlf } from './line-ends.ts';
import type { Message } from './message.ts';
import { attachmentPart, calendarPart, type PartBytes, partSize, type QuotedPrintable, textPart } from './mime-part.ts';

/**
 * The message as MIME: CRLF line ends, no Bcc, lines of at most 998 characters, and ASCII unless an address has a
 * non-ASCII local part. The bytes of attachments are copied once.
 *
 * nodemailer decides on the structure and its boundaries. The parts are written here: nodemailer puts encoded words into
 * file names (read in 10.6.0, 2026-11-28), makes several copies of a large file, and a stream of its own for each part
 * costs as much as the rest of a mail.
 */
export async function composeMime(message: Message): Promise<Buffer> {
  const { MailComposer, qp } = await loadComposer();
  const { text, html, calendar, attachments } = message;
  const parts: PartBytes[] = [];
  const raw = (part: PartBytes) => ({ raw: String(parts.push(part) - 1) });
  const root = new MailComposer({
    messageId: message.messageId,
    date: dateOf(message),
    ...(text !== undefined && { text: raw(textPart('text/plain', withCrlf(text), qp)) }),
    ...(html !== undefined && { html: raw(textPart('text/html', withCrlf(html), qp)) }),
    ...(calendar && { alternatives: [raw(calendarPart(calendar))] }),
    attachments: attachments.map((attachment) => ({
      ...raw(attachmentPart(attachment)),
      ...(attachment.contentId !== undefined && { cid: attachment.contentId }),
    })),
    // Else each part would ask the system for random bytes.
    baseBoundary: randomUUID(),
    disableFileAccess: true,
    disableUrlAccess: true,
    // The types omit what a compiled node has.
  }).compile() as unknown as CompiledNode;
  return await gather(head(message), written(root, message, parts), sizeOf(message));
}

/** A part of the structure; nodemailer's types omit what is read here, and its version is pinned. */
interface CompiledNode {
  /** Index of the part that is written here. */
  readonly _raw: string | false;
  readonly boundary?: string;
  readonly childNodes: readonly CompiledNode[];
  /** Header lines, without the last line end. */
  buildHeaders(): string;
}

/** The lines of a part and of its parts. */
function* written(node: CompiledNode, message: Message, parts: readonly PartBytes[], isRoot = true): Generator<Buffer> {
  const part = node._raw === false ? undefined : parts[Number(node._raw)];
  if (part) {
    const { messageId } = message;
    if (isRoot) yield Buffer.from(`Message-ID: ${messageId}\r\nDate: ${dateOf(message)}\r\nMIME-Version: 1.0\r\n`);
    yield* part();
    return;
  }
  yield Buffer.from(`${node.buildHeaders()}\r\n\r\n`);
  for (const [place, child] of node.childNodes.entries()) {
    yield Buffer.from(`${place > 0 ? '\r\n' : ''}--${node.boundary}\r\n`);
    yield* written(child, message, parts, false);
  }
  yield Buffer.from(`\r\n--${node.boundary}--\r\n`);
}

function dateOf({ date }: Message): string {
  return date.toUTCString().replace('GMT', '+0000');
}

interface Composer {
  readonly MailComposer: typeof import('nodemailer/lib/mail-composer').default;
  readonly qp: QuotedPrintable;
}

let composer: Promise<Composer> | undefined;

/** Loads the library that composes messages: not every provider needs MIME, and a cold start should not load it for them. */
function loadComposer(): Promise<Composer> {
  composer ??= Promise.all([import('nodemailer/lib/mail-composer'), import('nodemailer/lib/qp')]).then(
    ([{ default: MailComposer }, qp]) => ({ MailComposer, qp }),
  );
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

/** Bytes for one UTF-16 unit in a header: three octets, each as `=XX` or `%XX`, and its share of the marks around an encoded word. */
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

/** Estimated size, with room for headers of parts and for quoted-printable; the buffer grows if it is not enough. */
function sizeOf({ text = '', html = '', attachments, calendar }: Message): number {
  const parts = attachments.reduce((sum, { content }) => sum + partSize(content.length) + 2_000, 0);
  const bodies = Buffer.byteLength(text) + Buffer.byteLength(html) + 2 * Buffer.byteLength(calendar?.content ?? '');
  return Math.ceil(parts + bodies * 1.5) + 4_000;
}

/** Bytes after which other work gets a turn. */
const TURN = 1_000_000;

async function gather(head: Buffer, pieces: Iterable<Buffer>, expected: number): Promise<Buffer> {
  let bytes = Buffer.allocUnsafe(head.length + expected);
  let length = head.copy(bytes);
  let turnAt = TURN;
  for (const piece of pieces) {
    if (length + piece.length > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.ceil((length + piece.length) * 1.5));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    length += piece.copy(bytes, length);
    if (length < turnAt) continue;
    turnAt = length + TURN;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return bytes.subarray(0, length);
}
