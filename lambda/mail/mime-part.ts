import { looksEncoded } from './encode-words.ts';
import { fold } from './header-line.ts';
import type { Calendar, MessageAttachment } from './message.ts';

/**
 * Number of octets that a line of base64 encodes. Base64 is written in pieces of 58 KB of content, since one string for the whole
 * content would be another copy of the attachment.
 */
const LINE_OCTETS = 57;
const PIECE = LINE_OCTETS * 1024;

/** Generates the bytes of a MIME part piece by piece: first the headers, then the content. */
export type PartBytes = () => Generator<Buffer>;

/** Returns the MIME part for an attachment, with CRLF line ends. */
export function attachmentPart({ filename, contentType, content, contentId }: MessageAttachment): PartBytes {
  // RFC 2046 section 5.2.1 forbids base64 for the type message. Content that cannot be sent as 7bit gets the type application/octet-stream.
  const embedded = /^message\//i.test(contentType);
  const asIs = embedded && isSevenBit(content);
  const type = embedded && !asIs ? 'application/octet-stream' : withoutName(contentType);
  const lines = [
    fold('Content-Type', joined([type, ...parameter('name', filename.toWellFormed())])),
    fold('Content-Transfer-Encoding', [asIs ? '7bit' : 'base64']),
    fold(
      'Content-Disposition',
      joined([contentId === undefined ? 'attachment' : 'inline', ...parameter('filename', filename.toWellFormed())]),
    ),
    ...(contentId === undefined ? [] : [fold('Content-ID', [`<${contentId}>`])]),
  ];
  return () => part(lines, content, asIs);
}

/**
 * Returns the MIME part for an invitation. The part is an alternative to the text of the mail: mail programs then offer to accept the
 * invitation (RFC 6047 section 2.4).
 */
export function calendarPart({ method, content }: Calendar): PartBytes {
  const lines = [
    fold('Content-Type', ['text/calendar;', 'charset=utf-8;', `method=${method}`]),
    fold('Content-Transfer-Encoding', ['base64']),
  ];
  return () => part(lines, Buffer.from(content), false);
}

/** Library functions that encode text as quoted-printable. */
export interface QuotedPrintable {
  encode(text: Buffer): string;
  wrap(encoded: string, lineLength?: number): string;
}

/** Returns the MIME part for a text that has CRLF line ends. {@link textEncoding} selects the transfer encoding. */
export function textPart(type: string, text: string, qp: QuotedPrintable): PartBytes {
  const content = Buffer.from(text);
  const encoding = textEncoding(content);
  const lines = [fold('Content-Type', [`${type};`, 'charset=utf-8']), fold('Content-Transfer-Encoding', [encoding])];
  if (encoding !== 'quoted-printable') return () => part(lines, content, encoding === '7bit');
  return () => part(lines, Buffer.from(qp.wrap(qp.encode(content)), 'latin1'), true);
}

/** Largest length of a line that is sent without a transfer encoding: some mail servers break longer lines. */
const PLAIN_LINE = 76;

/**
 * Selects the transfer encoding of a text. base64 is used only if quoted-printable would encode more than a third of the octets, since
 * spam filters distrust text in base64.
 */
function textEncoding(content: Buffer): '7bit' | 'quoted-printable' | 'base64' {
  let encoded = 0;
  for (let at = 0; at < content.length; at++) encoded += IS_ENCODED[content[at] ?? 0] ?? 0;
  if (encoded === 0 && isSevenBit(content, PLAIN_LINE)) return '7bit';
  return encoded * 3 > content.length ? 'base64' : 'quoted-printable';
}

/**
 * For each octet, 1 if it counts as encoded by quoted-printable, which writes it as three characters; otherwise 0. All octets count as
 * encoded except visible ASCII, space, tab, CR and LF.
 */
const IS_ENCODED = Uint8Array.from({ length: 256 }, (_, octet) =>
  (octet >= 0x20 && octet <= 0x7e) || [0x09, 0x0a, 0x0d].includes(octet) ? 0 : 1,
);

function* part(lines: readonly string[], content: Buffer, asIs: boolean): Generator<Buffer> {
  yield Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  if (asIs) {
    yield content;
    return;
  }
  for (let from = 0; from < content.length; from += PIECE) {
    const last = from + PIECE >= content.length;
    const text = content
      .toString('base64', from, Math.min(content.length, from + PIECE))
      .replace(/.{76}(?!$)/g, '$&\r\n');
    yield Buffer.from(last ? text : `${text}\r\n`, 'latin1');
  }
}

/** Returns an upper bound for the bytes of base64 in an {@link attachmentPart} whose content has this number of octets. */
export function partSize(octets: number): number {
  return Math.ceil(octets / LINE_OCTETS) * 78;
}

function joined(parts: readonly string[]): string[] {
  return parts.map((text, index) => (index < parts.length - 1 ? `${text};` : text));
}

/** Removes the parameter `name` from a Content-Type, since Mailover writes its own `name` parameter with the file name. */
function withoutName(contentType: string): string {
  return contentType.replace(/ ?; ?name=(?:"[^"]*"|[^";]*)/gi, '');
}

const TOKEN = /^[A-Za-z0-9!#$&+.^_`{}~-]{1,60}$/;
const QUOTABLE = /^[ -~]{1,60}$/;
/** Characters that need no percent encoding in a parameter value (`attr-char` of RFC 5987). */
const ATTR_CHAR = /^[A-Za-z0-9!#$&+.^_`|~-]$/;
const MAX_SECTION = 56;

/** Writes a parameter of a MIME header. A value that needs encoding is encoded by RFC 2231: RFC 2047 section 5 forbids encoded words here. */
function parameter(name: string, value: string): string[] {
  if (TOKEN.test(value)) return [`${name}=${value}`];
  if (QUOTABLE.test(value) && !looksEncoded(value)) return [`${name}="${value.replace(/["\\]/g, '\\$&')}"`];
  const sections = [''];
  for (const character of value) {
    const written = ATTR_CHAR.test(character) ? character : percentEncoded(character);
    const last = sections.at(-1) ?? '';
    if (last.length + written.length > MAX_SECTION) sections.push(written);
    else sections[sections.length - 1] = last + written;
  }
  if (sections.length === 1) return [`${name}*=utf-8''${sections[0]}`];
  return sections.map((section, index) => `${name}*${index}*=${index === 0 ? "utf-8''" : ''}${section}`);
}

function percentEncoded(character: string): string {
  return Array.from(Buffer.from(character), (octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(
    '',
  );
}

/** Whether the content is ASCII without NUL, with CRLF line ends only, and with at most `longest` characters on each line. */
function isSevenBit(content: Buffer, longest = 998): boolean {
  let length = 0;
  for (let at = 0; at < content.length; at++) {
    const octet = content[at] ?? 0;
    if (octet === 0x0d && content[at + 1] === 0x0a) {
      at += 1;
      length = 0;
    } else if (octet === 0 || octet === 0x0d || octet === 0x0a || octet > 0x7f || ++length > longest) return false;
  }
  return true;
}
