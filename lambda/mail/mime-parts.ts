import { Splitter } from '@zone-eu/mailsplit';
import { type HeaderBlockItem, type HeaderField, nextField, repairedField } from './header-fields.ts';
import { endOfHead, lineEnd, withoutLineEnd } from './lines.ts';
import { structured } from './structured.ts';
import { type Decoded, decoded } from './transfer-encoding.ts';

/** A part of a mail: a multipart with its parts, or a leaf with content. */
export interface MailPart {
  readonly headers: readonly HeaderField[];
  /** Media type in lower case, without parameters; as written, so it may be invalid. */
  readonly type: string;
  /** `mixed` for `multipart/mixed`, and for any other type that has parts; false for a leaf. */
  readonly multipart: string | false;
  readonly children: readonly MailPart[];
  /** The content without its transfer encoding; for a multipart without parts, its body. */
  read(): Decoded;
}

export interface MailParts {
  readonly root: MailPart;
  /**
   * Whether these are all parts; false if a mail exceeds the limits of parts, depth or headers, as an attack on parsers
   * does.
   */
  readonly complete: boolean;
  /** Whether each multipart has its end delimiter; without it, an unknown amount is missing. */
  readonly ended: boolean;
}

/** Largest number of parts of a mail, empty ones included. */
const MAX_PARTS = 1_000;
/** Deepest nesting: the delimiters of each level are compared with each possible line. */
const MAX_DEPTH = 20;
const MAX_HEADER_BYTES = 256 * 1024;
const MAX_PART_HEADER_BYTES = 32 * 1024;

/**
 * Finds the parts of a mail in time and memory bounded by its size; accepts any bytes, and never throws.
 *
 * mailsplit decides on the structure, line by line. A forwarded mail (`message/rfc822`) is a leaf: a file of this mail,
 * not a part of its text.
 */
export function splitMail(mail: Buffer): MailParts {
  const reader = new Reader(mail);
  reader.read();
  return { root: reader.root, complete: reader.complete, ended: reader.ended };
}

/** A part while it is read. */
interface Open extends MailPart {
  multipart: string | false;
  readonly children: Open[];
  /** Start and end of its body. */
  start: number;
  end: number | undefined;
  readonly depth: number;
}

type SplitterNode = InstanceType<typeof import('@zone-eu/mailsplit').MimeNode>;

/**
 * The splitter's method for one line, which its types omit. Its stream interface accepts whole mails only, and cannot
 * handle a header block without a blank line after it, or a fold within quotes; its version is pinned.
 */
interface LineSplitter {
  readonly node: SplitterNode;
  processLine(line: Buffer, final: boolean, done: (error?: Error | null) => void): void;
}

/** Passes a mail to the splitter, header by header and then line by line. */
class Reader {
  complete = true;
  readonly #mail: Buffer;
  readonly #splitter: LineSplitter;
  readonly #parts = new Map<SplitterNode, Open>();
  readonly #root: SplitterNode;
  /** Multiparts whose end delimiter was found. */
  readonly #closed = new Set<Open>();

  constructor(mail: Buffer) {
    this.#mail = mail;
    const config = { ignoreEmbedded: true, maxChildNodes: MAX_PARTS + 1, maxHeadSize: 2 * 64 * MAX_HEADER_BYTES };
    // The types omit the method of LineSplitter.
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

  /** Reads a header block; returns the start of the body, or undefined if the part is nested too deeply. */
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
      this.#step(Buffer.from(`${repair ? repairedField(field) : field.line}\r\n`, 'latin1'));
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
    // The splitter goes by the boundary; some clients write a boundary and parts with another type.
    if (parent) parent.multipart ||= 'mixed';
    if (depth <= MAX_DEPTH) return true;
    part.end = start;
    this.complete = false;
    return false;
  }

  /** Skips lines of a body; returns the part that begins after one of them. */
  #skipBody(from: number): { node: SplitterNode; at: number } | undefined {
    for (let at = dashesFrom(this.#mail, from); at !== -1; at = dashesFrom(this.#mail, lineEnd(this.#mail, at))) {
      const before = this.#splitter.node;
      const end = lineEnd(this.#mail, at);
      const line = this.#mail.subarray(at, end);
      // The splitter recognises a delimiter only with a line end.
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

  /** Passes one line to the splitter; false if there are too many parts. */
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

/** Start of the next line that begins like a delimiter, since no other line can end a part. */
function dashesFrom(mail: Buffer, from: number): number {
  if (mail[from] === 0x2d && mail[from + 1] === 0x2d) return from;
  const found = mail.indexOf(DASHES, from);
  return found === -1 ? -1 : found + 1;
}

function encodingOf(headers: readonly HeaderField[]): string {
  const [, value = ''] = headers.find(([name]) => /^content-transfer-encoding$/i.test(name)) ?? [];
  return structured(value).value.toLowerCase();
}
