import { isAscii, isUtf8 } from 'node:buffer';
import { codecOf, textFrom } from '../mail/charset.ts';
import { decodeWords } from '../mail/decode-words.ts';
import type { HeaderField } from '../mail/header-fields.ts';
import { type MailPart, splitMail } from '../mail/mime-parts.ts';
import {
  isMediaType,
  repairedDisposition,
  repairedType,
  type Structured,
  structured,
  withQuotedName,
} from '../mail/structured.ts';
import { defined } from '../platform/defined.ts';
import type { MailContent, ReceivedFile } from '../providers/inbound.ts';
import { bodiesOf, type Leaf } from './body.ts';
import { declaredCharset, joined, type Shown } from './html.ts';

/**
 * Parses a mail; never throws. Unreadable or doubtful content is flagged as `unparsable`.
 *
 * Structure, headers and parameters are read by the libraries mailsplit and libmime, on which the library mailparser is
 * based. Where their results differ from the results of good mail readers, this module corrects the results:
 * docs/adr/0015-inbound.md lists each correction with its reason. `wasText`: the mail was received as characters, so content
 * without a transfer encoding is UTF-8, whatever charset it declares.
 */
export function readMime(mime: Buffer, wasText = false): MailContent {
  const { root, complete, ended } = splitMail(withUsualLineEnds(mime));
  if (root.headers.length === 0) return withoutHeaders(mime);
  const likely = likelyCharset(root);
  const { text, html, files } = bodiesOf(root, (part, parent) => leafOf(part, parent, likely));
  const stands = ({ part }: Leaf) => wasText && part.read().asItStands && !isAscii(part.read().content);
  const charsetOf = (leaf: Leaf) => (stands(leaf) ? 'utf-8' : namedCharset(leaf.part));
  const asFile = (leaf: Leaf) => ({
    ...fileOf(leaf, likely),
    ...defined({ wasText: stands(leaf) || undefined }),
  });
  const shown = (leaves: readonly Leaf[]): Shown[] =>
    leaves.map((leaf) => ({
      isHtml: leaf.type === 'text/html',
      text: textOf(leaf, charsetOf(leaf), likely),
    }));
  const doubtful =
    (complete && [...text, ...html, ...files].some(({ lost }) => lost)) ||
    [...text, ...html, ...files].some(({ part }) => !part.read().known);
  return {
    headers: root.headers.map(([name, value]) => [name, headerText(value, likely)]),
    ...joined(shown(text), shown(html)),
    files: files.filter((leaf) => !isEmpty(leaf)).map(asFile),
    ...defined({
      truncated: complete ? undefined : true,
      // A piece of a mail that was sent in several pieces (RFC 2046, section 5.2.2) is never a complete mail.
      cut: !ended || files.some(({ type }) => type === 'message/partial') || undefined,
      unparsable: doubtful || undefined,
    }),
  };
}

/** Content without headers is no mail and is flagged as `unparsable`; if the content is text, it becomes the text of the message nevertheless. */
function withoutHeaders(mime: Buffer): MailContent {
  const isText = !mime.includes(0) && (isAscii(mime) || isUtf8(mime));
  const text = isText ? mime.toString('utf8') : undefined;
  return { headers: [], ...defined({ text }), files: [], unparsable: true };
}

const CR = 0x0d;

/** Turns CR into LF in a mail without any LF, and removes a byte order mark in front of the mail. */
function withUsualLineEnds(mime: Buffer): Buffer {
  const mail = mime[0] === 0xef && mime[1] === 0xbb && mime[2] === 0xbf ? mime.subarray(3) : mime;
  if (mail.includes(0x0a) || !mail.includes(CR)) return mail;
  const copy = Buffer.from(mail);
  for (let at = copy.indexOf(CR); at !== -1; at = copy.indexOf(CR, at + 1)) copy[at] = 0x0a;
  return copy;
}

/** Returns the first known charset that a text part declares, in its header or its HTML; used for texts that declare no charset. */
function likelyCharset(part: MailPart): string | undefined {
  for (const child of part.children) {
    const charset = likelyCharset(child);
    if (charset !== undefined) return charset;
  }
  const { value, params } = structured(repairedType(headerOf(part, 'content-type')));
  const { charset } = params;
  if (part.children.length > 0 || !/^(text\/.*)?$/i.test(value)) return undefined;
  if (charset !== undefined && codecOf(charset) !== undefined) return charset;
  return /^text\/html$/i.test(value) ? declaredCharset(part.read().content) : undefined;
}

function leafOf(part: MailPart, parent: MailPart | undefined, likely: string | undefined): Leaf {
  const given = structured(repairedDisposition(headerOf(part, 'content-disposition'))).value;
  const disposition = given.toLowerCase().replace(/[\s,:.]{1,9}$/, '');
  const named = filenameOf(part, likely) !== undefined;
  if (part.multipart !== false) return { part, type: 'text/plain', disposition, named, lost: true };
  return { part, type: typeOf(part, parent, named), disposition, named };
}

/** Returns the media type of a part. The default type is from RFC 2045, section 5.2; in a digest, it is from RFC 2046, section 5.1.5. */
function typeOf(part: MailPart, parent: MailPart | undefined, named: boolean): string {
  const given = headerOf(part, 'content-type');
  if (given.trim() === '' && parent?.multipart === 'digest') return 'message/rfc822';
  if (isMediaType(part.type)) return part.type;
  return named ? 'application/octet-stream' : 'text/plain';
}

function namedCharset(part: MailPart): string | undefined {
  return structured(repairedType(headerOf(part, 'content-type'))).params['charset'];
}

function textOf({ type, part }: Leaf, charset: string | undefined, likely: string | undefined): string {
  const { content } = part.read();
  // The charset that the HTML declares is read even if the header declares a charset, since the header may be wrong: it may
  // declare UTF-8 for bytes that are not UTF-8.
  const declared = type === 'text/html' ? declaredCharset(content) : undefined;
  return textFrom(content, charset, declared ?? likely);
}

/** Whether a part has neither headers nor content, such as the part between two boundary lines in a row. */
function isEmpty({ part }: Leaf): boolean {
  return part.headers.length === 0 && part.read().content.length === 0;
}

function fileOf({ part, type, disposition }: Leaf, likely: string | undefined): ReceivedFile {
  const { content, filename: uuencoded } = part.read();
  const filename = filenameOf(part, likely) ?? (uuencoded && headerText(uuencoded, likely));
  const contentId = bare(headerOf(part, 'content-id'), likely);
  const contentLocation = bare(headerOf(part, 'content-location'), likely);
  const given = headerText(repairedType(headerOf(part, 'content-type')), likely);
  return {
    ...defined({ filename }),
    contentType: structured(given).value.toLowerCase() === type ? given : type,
    content,
    ...defined({ contentId: contentId || undefined, contentLocation: contentLocation || undefined }),
    inline: disposition === 'inline',
  };
}

function bare(value: string, likely: string | undefined): string {
  return decodeWords(headerText(value, likely)).trim();
}

function filenameOf(part: MailPart, likely: string | undefined): string | undefined {
  const read = (value: string) =>
    structured(withQuotedName(escaped(headerText(value, likely).replace(PATH_BACKSLASH, '\\\\'))));
  const disposition = read(repairedDisposition(headerOf(part, 'content-disposition')));
  const type = read(repairedType(headerOf(part, 'content-type')));
  const usual = parameterOf(disposition, 'filename') ?? parameterOf(type, 'name');
  // Some clients write `name` in Content-Disposition, or `filename` in Content-Type. In a part of a form, `name` is the name of the field instead.
  const isField = /^form-data$/i.test(disposition.value);
  return usual ?? (isField ? undefined : parameterOf(disposition, 'name')) ?? parameterOf(type, 'filename');
}

/** Escapes percent signs that encode nothing. */
function escaped(value: string): string {
  return value.replace(EXTENDED, (parameter) => parameter.replace(/%(?![0-9A-Fa-f]{2})/g, '%25'));
}

const EXTENDED = /\b(?:file)?name\*(?:\d{1,3}\*)?\s*=[^;]*/gi;

/** A backslash that escapes nothing: some mail clients write whole Windows paths as file names. */
const PATH_BACKSLASH = /\\(?!["\\])/g;

function parameterOf({ params, decodedParams }: Structured, name: string): string | undefined {
  const value = params[name];
  return value && !decodedParams.includes(name) ? decodeWords(value) : value || undefined;
}

/** Returns the value of the first header with this name. The code that splits the mail into parts uses the first such header, too. */
function headerOf({ headers }: { readonly headers: readonly HeaderField[] }, name: string): string {
  return headers.find(([given]) => given.toLowerCase() === name)?.[1] ?? '';
}

/**
 * Decodes a header that contains non-ASCII bytes or an escape character (ISO-2022-JP): as UTF-8 (RFC 6532), or, if the bytes are
 * not UTF-8, in the charset of the mail's text.
 */
function headerText(value: string, likely: string | undefined): string {
  const bytes = Buffer.from(value, 'latin1');
  return isAscii(bytes) && !bytes.includes(ESCAPE) ? value : textFrom(bytes, undefined, likely);
}

const ESCAPE = 0x1b;
