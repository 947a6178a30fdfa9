/** A position in a JSON text: names and indexes from its root. */
export type JsonPath = readonly (string | number)[];

/** A fault that `JSON.parse` accepts silently, and its position. */
export interface JsonFault {
  readonly path: JsonPath;
  /** What was given, and what would be right. */
  readonly given: string;
  readonly expected: string;
}

/** A string value in the text: the bytes between its quotes. */
export interface JsonString {
  readonly path: JsonPath;
  readonly start: number;
  readonly end: number;
  /** Whether the text contains a backslash. */
  readonly escaped: boolean;
}

/** Deepest nesting, far above any submission: an address in a list of recipients is on level four. */
const MAX_DEPTH = 32;
/** Limit of names and list entries together: 3,000 recipients and a hundred attachments are below 10,000. */
const MAX_VALUES = 50_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

interface Container {
  /** The names so far, if this is an object. */
  readonly names?: Set<string>;
  place: string | number;
  /** Whether the next string is a name. */
  expectsName: boolean;
}

/**
 * Reads a JSON text once, before it is parsed. Reports a name that is given twice in one object (`JSON.parse` silently
 * keeps the last one), `__proto__`, and too many levels or values. Calls `onString` for every string value, also after
 * such a fault. Invalid JSON is left to the parser.
 */
export function scanJson(
  bytes: Buffer,
  onString: (value: JsonString) => void = () => undefined,
): JsonFault | undefined {
  const stack: Container[] = [];
  let values = 0;
  let fault: JsonFault | undefined;
  const path = () => stack.map(({ place }) => place);
  for (let at = 0; at < bytes.length; at++) {
    const top = stack.at(-1);
    switch (bytes[at]) {
      case QUOTE: {
        const { end, escaped } = stringFrom(bytes, at + 1);
        if (top?.names && top.expectsName) {
          const name = nameOf(bytes, at, end, escaped);
          // An invalid string is reported by the parser.
          if (name === undefined) return undefined;
          top.place = name;
          top.expectsName = false;
          if (name === '__proto__') fault ??= { path: path(), given: 'unknown field', expected: ONLY_FIELDS };
          else if (top.names.has(name)) fault ??= { path: path(), given: 'given twice', expected: 'each name once' };
          top.names.add(name);
          values += 1;
        } else onString({ path: path(), start: at + 1, end, escaped });
        at = end;
        break;
      }
      case 0x7b: // {
        stack.push({ names: new Set(), place: '', expectsName: true });
        break;
      case 0x5b: // [
        stack.push({ place: 0, expectsName: false });
        break;
      case 0x7d: // }
      case 0x5d: // ]
        stack.pop();
        break;
      case 0x2c: // ,
        if (top?.names) top.expectsName = true;
        else if (top) top.place = Number(top.place) + 1;
        values += 1;
        break;
    }
    if (stack.length > MAX_DEPTH)
      return {
        path: [],
        given: `given more than ${MAX_DEPTH} levels of objects and lists`,
        expected: 'those of the schema',
      };
    if (values > MAX_VALUES)
      return { path: [], given: `given more than ${MAX_VALUES} names and list entries`, expected: 'fewer' };
  }
  return fault;
}

const ONLY_FIELDS = 'only the fields of the schema';

/** Position of the closing quote of the string that begins at `start`; the end of the text if there is none. */
function stringFrom(bytes: Buffer, start: number): { readonly end: number; readonly escaped: boolean } {
  let escaped = false;
  for (let from = start; ; ) {
    const end = bytes.indexOf(QUOTE, from);
    if (end === -1) return { end: bytes.length, escaped };
    let backslashes = 0;
    while (end - backslashes > start && bytes[end - backslashes - 1] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return { end, escaped: escaped || bytes.subarray(start, end).includes(BACKSLASH) };
    escaped = true;
    from = end + 1;
  }
}

/** A name with its escapes decoded: `\u0061` and `a` are one name. */
function nameOf(bytes: Buffer, quote: number, end: number, escaped: boolean): string | undefined {
  if (!escaped) return bytes.toString('utf8', quote + 1, end);
  try {
    return String(JSON.parse(bytes.toString('utf8', quote, end + 1)));
  } catch {
    return undefined;
  }
}
