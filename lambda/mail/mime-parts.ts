import { Splitter } from '@zone-eu/mailsplit';
import { type HeaderBlockItem, type HeaderField, nextField } from './header-fields.ts';
import { endOfHead, lineEnd, withoutLineEnd } from './lines.ts';
import { repairedType, structured } from './structured.ts';
import { type Decoded, decoded } from './transfer-encoding.ts';

/** A MIME part of a mail: a multipart that contains other parts, or a single part that contains no other parts. */
export interface MailPart {
  readonly headers: readonly HeaderField[];
  /** Media type of the part, in lower case, without parameters. The media type is not checked, so it may be invalid. */
  readonly type: string;
  /**
   * Subtype of a multipart, such as `mixed`. It is also `mixed` for a part that contains other parts under a type other than multipart. It
   * is false for a part that contains no other parts.
   */
  readonly multipart: string | false;
  readonly children: readonly MailPart[];
  /** Decodes the transfer encoding of the content. If a multipart contains no parts, its whole body is the content. */
  read(): Decoded;
}

export interface MailParts {
  readonly root: MailPart;
  /**
   * Whether all parts and headers were read. It is false if the mail exceeds the limits for parts, depth or headers, for example because the
   * mail is an attack on parsers.
   */
  readonly complete: boolean;
  /** Whether each multipart has an end delimiter. If an end delimiter is missing, the end of the mail may be missing. */
  readonly ended: boolean;
}

/** Largest number of parts in a mail, including empty parts. */
const MAX_PARTS = 1_000;
/** Largest depth of nested parts. It limits the work, since each line that can be a delimiter is compared with the delimiters of all levels. */
const MAX_DEPTH = 20;
const MAX_HEADER_BYTES = 256 * 1024;
const MAX_PART_HEADER_BYTES = 32 * 1024;

/**
 * Finds the parts of a mail. Accepts any bytes, and never throws. The needed time and memory are limited by the size of the mail.
 *
 * The library mailsplit determines the structure, line by line. A forwarded mail (`message/rfc822`) is treated as one part without
 * parts of its own: the forwarded mail is an attached file, and its parts do not belong to the text of the mail that contains it.
 */
export function splitMail(mail: Buffer): MailParts {
  const reader = new Reader(mail);
  reader.read();
  return { root: reader.root, complete: reader.complete, ended: reader.ended };
}

/** A part of a mail that is still being read. */
interface Open extends MailPart {
  multipart: string | false;
  readonly children: Open[];
  /** Start and end of the part's body, as positions in the mail. */
  start: number;
  end: number | undefined;
  readonly depth: number;
}

type SplitterNode = InstanceType<typeof import('@zone-eu/mailsplit').MimeNode>;

/**
 * The members of mailsplit's class Splitter that are used here. The types of mailsplit omit these members, so the version of mailsplit is
 * pinned. The public stream interface of the Splitter is not used: it accepts only whole mails, and cannot handle a header block without a
 * blank line after it, or a folded line within quotation marks.
 */
interface LineSplitter {
  readonly node: SplitterNode;
  processLine(line: Buffer, final: boolean, done: (error?: Error | null) => void): void;
}

/**
 * Passes to the splitter only the lines of a mail that can decide its structure: headers whose name begins with `Content-`, the end of each
 * header block, and lines of bodies that begin with `--`.
 */
class Reader {
  complete = true;
  readonly #mail: Buffer;
  readonly #splitter: LineSplitter;
  readonly #parts = new Map<SplitterNode, Open>();
  readonly #root: SplitterNode;
  /** Multipart parts whose end delimiter was found. */
  readonly #closed = new Set<Open>();

  constructor(mail: Buffer) {
    this.#mail = mail;
    const config = { ignoreEmbedded: true, maxChildNodes: MAX_PARTS + 1, maxHeadSize: 2 * 64 * MAX_HEADER_BYTES };
    // The types of mailsplit omit the method `processLine` of LineSplitter.
    this.#splitter = new Splitter(config) as unknown as LineSplitter;
    this.#root = this.#splitter.node;
  }

  get root(): MailPart {
    return this.#parts.get(this.#root) as MailPart;
  }

  get ended(): boolean {
    return [...this.#parts.values()].every((part) => part.children.length === 0 || this.#closed.has(part));
  }

  read(): void {
    let node: SplitterNode | undefined = this.#root;
    for (let at = 0; node !== undefined; ) {
      const start: number | undefined = this.#readHead(node, at);
      if (start === undefined) return;
      const next: { node: SplitterNode; at: number } | undefined = this.#skipBody(start);
      node = next?.node;
      at = next?.at ?? 0;
    }
  }

  /** Reads the header block of a part. Returns the start of the part's body, or undefined if the part is nested too deeply. */
  #readHead(node: SplitterNode, from: number): number | undefined {
    const headers: HeaderField[] = [];
    const most = node === this.#root ? MAX_HEADER_BYTES : MAX_PART_HEADER_BYTES;
    let bytes = 0;
    let at = from;
    let typed = false;
    for (;;) {
      const field: HeaderBlockItem = nextField(this.#mail, at, most);
      at = field.end;
      if (field.kind === 'end') break;
      if (field.kind === 'no-header') continue;
      bytes += field.line.length;
      if (bytes > most) {
        this.complete = false;
        at = endOfHead(this.#mail, at);
        break;
      }
      headers.push([field.name, field.value]);
      if (!/^content-/i.test(field.name)) continue;
      const repair: boolean = !typed && /^content-type$/i.test(field.name);
      typed ||= repair;
      const line = repair ? `${field.name}: ${repairedType(field.value)}` : field.line;
      this.#step(Buffer.from(`${line}\r\n`, 'latin1'));
    }
    this.#step(BLANK);
    return this.#open(node, headers, at) ? at : undefined;
  }

  #open(node: SplitterNode, headers: readonly HeaderField[], start: number): boolean {
    const parent = node.parentNode ? this.#parts.get(node.parentNode as SplitterNode) : undefined;
    const depth = parent === undefined ? 0 : parent.depth + 1;
    const mail = this.#mail;
    let read: Decoded | undefined;
    const part: Open = {
      headers,
      type: node.contentType || '',
      multipart: node.multipart,
      children: [],
      start,
      end: undefined,
      depth,
      read: () => (read ??= decoded(mail.subarray(part.start, part.end), encodingOf(headers))),
    };
    this.#parts.set(node, part);
    parent?.children.push(part);
    // Some mail programs write a boundary and parts under a type other than multipart. The splitter finds such parts by the boundary alone.
    if (parent) parent.multipart ||= 'mixed';
    if (depth <= MAX_DEPTH) return true;
    part.end = start;
    this.complete = false;
    return false;
  }

  /** Skips lines up to the delimiter that begins the next part. Returns the next part, or undefined if the mail has no further part. */
  #skipBody(from: number): { node: SplitterNode; at: number } | undefined {
    for (let at = dashesFrom(this.#mail, from); at !== -1; at = dashesFrom(this.#mail, lineEnd(this.#mail, at))) {
      const before = this.#splitter.node;
      const end = lineEnd(this.#mail, at);
      const line = this.#mail.subarray(at, end);
      // The splitter recognises a delimiter only if its line has a line end. At the end of the mail, the line end may be missing.
      const taken = this.#step(line.at(-1) === LF ? line : Buffer.concat([line, LINE_END]));
      const { node } = this.#splitter;
      if (taken && node === before) continue;
      const part = this.#parts.get(before);
      if (part) part.end ??= withoutLineEnd(this.#mail, part.start, at);
      if (!taken) return undefined;
      const known = this.#parts.get(node);
      if (known === undefined) return { node, at: end };
      this.#closed.add(known);
    }
    return undefined;
  }

  /** Passes one line to the splitter. Returns false if the mail has too many parts. */
  #step(line: Buffer): boolean {
    let failed = false;
    this.#splitter.processLine(line, false, (error) => {
      failed = error instanceof Error;
    });
    if (failed) this.complete = false;
    return !failed;
  }
}

const LF = 0x0a;
const LINE_END = Buffer.from('\r\n');
const BLANK = LINE_END;
const DASHES = Buffer.from('\n--');

/** Returns the start of the next line that begins with `--`, or -1: only such a line can be a delimiter that ends a part. */
function dashesFrom(mail: Buffer, from: number): number {
  if (mail[from] === 0x2d && mail[from + 1] === 0x2d) return from;
  const found = mail.indexOf(DASHES, from);
  return found === -1 ? -1 : found + 1;
}

function encodingOf(headers: readonly HeaderField[]): string {
  const [, value = ''] = headers.find(([name]) => /^content-transfer-encoding$/i.test(name)) ?? [];
  return structured(value).value.toLowerCase();
}
