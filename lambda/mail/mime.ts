import { randomUUID } from 'node:crypto';
import { fold, headerTokens, mailboxHeader, textHeader } from './header-line.ts';
import { withCrlf } from './line-ends.ts';
import type { Message } from './message.ts';
import { attachmentPart, calendarPart, type PartBytes, partSize, type QuotedPrintable, textPart } from './mime-part.ts';

/**
 * Writes the message as MIME: with CRLF line ends, without a Bcc header, and with lines of at most 998 characters. The MIME is ASCII unless
 * an address has a non-ASCII local part. The bytes of attachments are copied once.
 *
 * nodemailer determines the structure of the parts and their boundaries. The parts themselves are written here. nodemailer would put
 * encoded words into file names (read in 10.6.0, 2026-11-28), and would make several copies of a large file. It would also create a
 * stream for each part, which takes as much time as all other work for a mail.
 */
export async function composeMime(message: Message): Promise<Buffer> {
  const { MailComposer, qp } = await loadComposer();
  const { text, html, calendar, attachments } = message;
  const parts: PartBytes[] = [];
  const raw = (part: PartBytes) => ({ raw: String(parts.push(part) - 1) });
  const root = new MailComposer({
    messageId: message.messageId,
    date: dateOf(message),
    text: text === undefined ? undefined : raw(textPart('text/plain', withCrlf(text), qp)),
    html: html === undefined ? undefined : raw(textPart('text/html', withCrlf(html), qp)),
    alternatives: calendar && [raw(calendarPart(calendar))],
    attachments: attachments.map((attachment) => ({
      ...raw(attachmentPart(attachment)),
      cid: attachment.contentId,
    })),
    // Without this boundary, nodemailer would read random bytes from the system for each part.
    baseBoundary: randomUUID(),
    disableFileAccess: true,
    disableUrlAccess: true,
    // nodemailer's types omit the members of a compiled node.
  }).compile() as unknown as CompiledNode;
  return await gather(head(message), written(root, message, parts), sizeOf(message));
}

/** A node in nodemailer's tree of MIME parts. The types of nodemailer omit these members, so the version of nodemailer is pinned. */
interface CompiledNode {
  /** Index of the part in the list of parts that `composeMime` creates, as text; false for a multipart. */
  readonly _raw: string | false;
  readonly boundary?: string;
  readonly childNodes: readonly CompiledNode[];
  /** Returns the header lines of the node, without the last line end. */
  buildHeaders(): string;
}

/** Generates the bytes of a node and of its child nodes. */
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

/** Loads the library that composes MIME, at its first use: many Lambda processes do not need it, since not every provider gets MIME. */
function loadComposer(): Promise<Composer> {
  composer ??= Promise.all([import('nodemailer/lib/mail-composer'), import('nodemailer/lib/qp')]).then(
    ([{ default: MailComposer }, qp]) => ({ MailComposer, qp }),
  );
  return composer;
}

/**
 * Converts `mime`, the MIME of the message `from`, to the MIME of the message `to`. Only the header lines are replaced. Therefore `to` may
 * differ from `from` only in these header lines, for example in its addresses.
 */
export function readdressed(mime: Buffer, from: Message, to: Message): Buffer {
  return Buffer.concat([head(to), mime.subarray(head(from).length)]);
}

/**
 * Returns a lower bound for the size of the MIME. If this bound exceeds a size limit, the MIME also exceeds the limit, and the message need
 * not be composed to know this.
 */
export function leastSize({ attachments }: Message): number {
  return attachments.reduce((sum, { content }) => sum + Math.floor((content.length * 4) / 3), 0);
}

/**
 * Returns an upper bound for the size of the MIME. If this bound is within a size limit, the MIME is also within the limit, and the message
 * need not be composed to know this.
 */
export function mostSize(message: Message): number {
  const { from, to, cc, replyTo, subject, headers, text = '', html = '', calendar, attachments } = message;
  const mailboxes = [from, ...to, ...cc, ...replyTo].map(({ name = '', address }) => name.length + address.length);
  const fields = headers.map(([name, value]) => name.length + value.length);
  const names = attachments.map(
    ({ filename, contentType, contentId = '' }) => 2 * filename.length + contentType.length + contentId.length,
  );
  const lines = [...mailboxes, ...fields, ...names, subject.length];
  const head = lines.reduce((sum, length) => sum + length * UNIT_IN_HEADER + LINE_OVERHEAD, 0);
  // Quoted-printable writes up to three characters for an octet, and three more characters for each line of 76 characters. A single line
  // feed becomes CRLF.
  const bodies = (Buffer.byteLength(text) + Buffer.byteLength(html)) * 3.2;
  const parts = attachments.reduce((sum, { content }) => sum + partSize(content.length), 0);
  const invitation = partSize(Buffer.byteLength(calendar?.content ?? ''));
  return Math.ceil(head + bodies + parts + invitation) + (attachments.length + 4) * PART_OVERHEAD;
}

/**
 * Largest number of bytes that a UTF-16 unit needs in a header: three octets, each written as `=XX` or `%XX`, and a part of the
 * 12 bytes around an encoded word.
 */
const UNIT_IN_HEADER = 12;
/** Upper bound for the bytes of a header line without its value: the header name, the line breaks from folding, and the parameters. */
const LINE_OVERHEAD = 300;
/**
 * Upper bound for further bytes of a part: the boundaries, the remaining header lines of the part, and the header lines of the multipart
 * around the part.
 */
const PART_OVERHEAD = 1_000;

// Writes the header lines. nodemailer is not used for them: it parses addresses again, encodes only parts of a name, and does not encode
// text that looks like an encoded word (read in nodemailer 10.6.0, 2026-11-23).
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

/** Estimates the size of the MIME without its header lines, with room for quoted-printable. The buffer grows if the estimate is too small. */
function sizeOf({ text = '', html = '', attachments, calendar }: Message): number {
  const parts = attachments.reduce((sum, { content }) => sum + partSize(content.length) + 2_000, 0);
  const bodies = Buffer.byteLength(text) + Buffer.byteLength(html) + 2 * Buffer.byteLength(calendar?.content ?? '');
  return Math.ceil(parts + bodies * 1.5) + 4_000;
}

/** Number of composed bytes after which the function pauses, so that the event loop can run other tasks. */
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
