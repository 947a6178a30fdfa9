import { Splitter } from '@zone-eu/mailsplit';
import { type HeaderBlockItem, type HeaderField, nextField, repairedField } from './header-fields.ts';
import { endOfHead, lineEnd, withoutLineEnd } from './lines.ts';
import { structured } from './structured.ts';
import { type Decoded, decoded } from './transfer-encoding.ts';

/** A part of a mail as it stands there: a multipart with its parts, or a leaf with content. */
export interface MailPart {
  readonly headers: readonly HeaderField[];
  /** Media type in lower case, without parameters; as written, so that it may be none. */
  readonly type: string;
  /** `mixed` of `multipart/mixed`, and of anything else that has parts; false for a leaf. */
  readonly multipart: string | false;
  readonly children: readonly MailPart[];
  /** Undoes the transfer encoding; of a multipart that is what stands there if no part was found. */
  read(): Decoded;
}

/** A mail in its parts. */
export interface MailParts {
  readonly root: MailPart;
  /** Whether these are all parts: a mail made to break parsers has more, or deeper ones, or more headers. */
  readonly complete: boolean;
  /** Whether each multipart is closed by its own end: where one is not, nobody knows what is lost. */
  readonly ended: boolean;
}

/** More than any mail of a person has, empty ones included. */
const MAX_PARTS = 1_000;
/** The delimiters of each level are compared with each line that may be one. */
const MAX_DEPTH = 20;
const MAX_HEADER_BYTES = 256 * 1024;
const MAX_PART_HEADER_BYTES = 32 * 1024;

/**
 * Finds the parts of a mail in time and memory that follow from its size alone; takes anything, and throws never.
 *
 * Structure is mailsplit's to decide, line by line. A forwarded mail (`message/rfc822`) is a leaf: it is a file of this
 * mail, not a part of its text.
 */
export function splitMail(mail: Buffer): MailParts {
  const reader = new Reader(mail);
  reader.read();
  return { root: reader.root, complete: reader.complete, ended: reader.ended };
}

/** What is known of a part while it is read. */
interface Open extends MailPart {
  multipart: string | false;
  readonly children: Open[];
  /** Where its body begins and ends. */
  start: number;
  end: number | undefined;
  readonly depth: number;
}

type SplitterNode = InstanceType<typeof import('@zone-eu/mailsplit').MimeNode>;

/**
 * The splitter by its own step for one line, which its types leave out. As a stream it takes whole mails only, and neither
 * a header block without a blank line below it nor a fold within quotes can be told it; its version is pinned.
 */
interface LineSplitter {
  readonly node: SplitterNode;
  processLine(line: Buffer, final: boolean, done: (error?: Error | null) => void): void;
}

/** Hands a mail to the splitter, header by header and then line by line. */
class Reader {
  complete = true;
  readonly #mail: Buffer;
  readonly #splitter: LineSplitter;
  readonly #parts = new Map<SplitterNode, Open>();
  readonly #root: SplitterNode;
  /** Multiparts whose end was met. */
  readonly #closed = new Set<Open>();

  constructor(mail: Buffer) {
    this.#mail = mail;
    const config = { ignoreEmbedded: true, maxChildNodes: MAX_PARTS + 1, maxHeadSize: 2 * 64 * MAX_HEADER_BYTES };
    // See LineSplitter: the types leave its step out.
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

  /** Reads a header block; gives where the body begins, or undefined if that is too deep to go on. */
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
    const part: Open = {
      headers,
      type: node.contentType || '',
      multipart: node.multipart,
      children: [],
      start,
      end: undefined,
      depth,
      read: () => decoded(mail.subarray(part.start, part.end), encodingOf(headers)),
    };
    this.#parts.set(node, part);
    parent?.children.push(part);
    // The splitter goes by the boundary; some clients write one, and parts, below another type.
    if (parent) parent.multipart ||= 'mixed';
    if (depth <= MAX_DEPTH) return true;
    part.end = start;
    this.complete = false;
    return false;
  }

  /** Goes through lines that are no headers; gives the part that begins behind one of them. */
  #skipBody(from: number): { node: SplitterNode; at: number } | undefined {
    for (let at = dashesFrom(this.#mail, from); at !== -1; at = dashesFrom(this.#mail, lineEnd(this.#mail, at))) {
      const before = this.#splitter.node;
      const end = lineEnd(this.#mail, at);
      const line = this.#mail.subarray(at, end);
      // Only a line that is ended can be a delimiter.
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

  /** False if the splitter takes no more, since there are too many parts. */
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

/** The next line that begins like a delimiter: no other line can end a part. */
function dashesFrom(mail: Buffer, from: number): number {
  if (mail[from] === 0x2d && mail[from + 1] === 0x2d) return from;
  const found = mail.indexOf(DASHES, from);
  return found === -1 ? -1 : found + 1;
}

function encodingOf(headers: readonly HeaderField[]): string {
  const [, value = ''] = headers.find(([name]) => /^content-transfer-encoding$/i.test(name)) ?? [];
  return structured(value).value.toLowerCase();
}
