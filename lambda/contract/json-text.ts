/** Position of a value in a JSON text: the field names and array indexes on the path from the root to the value. */
export type JsonPath = readonly (string | number)[];

/** A fault in a JSON text that `JSON.parse` does not report, and the position of the fault. */
export interface JsonFault {
  readonly path: JsonPath;
  /** `given` describes the given value, and `expected` the expected value. */
  readonly given: string;
  readonly expected: string;
}

/** A string value in a JSON text. `start` and `end` enclose the bytes between the quotes of the string. */
export interface JsonString {
  readonly path: JsonPath;
  readonly start: number;
  readonly end: number;
  /** Whether the string contains a backslash. */
  readonly escaped: boolean;
}

/** Largest depth of nesting. Submissions have far fewer levels: an address in a list of recipients is on level four. */
const MAX_DEPTH = 32;
/**
 * Largest number of field names and commas together. A submission with 3,000 recipients, each with a name, and a hundred attachments
 * has fewer than 15,000.
 */
const MAX_VALUES = 50_000;

/** Number of successive bytes without an escape after which the closing quote is searched by `indexOf`, and no longer by a loop. */
const SHORT = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

interface Container {
  /** The field names that were read so far; present only if this container is an object. */
  readonly names?: Set<string>;
  place: string | number;
  /** Whether the next string is the name of a field, and not a value. */
  expectsName: boolean;
}

/**
 * Reads a JSON text once, before it is parsed. Returns the first fault: a field name that occurs twice in one object
 * (`JSON.parse` silently keeps the last value), the field name `__proto__`, or too many levels or values. Calls `onString` for
 * every string value, also after such a faulty field name. Invalid JSON is not reported, since the parser rejects it later.
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
        const end = closingQuote(bytes, at + 1);
        if (top?.names && top.expectsName) {
          const name = decodedName(bytes, at, end);
          // The JSON parser will report this invalid string.
          if (name === undefined) return undefined;
          top.place = name;
          top.expectsName = false;
          if (name === '__proto__') fault ??= { path: path(), given: 'unknown field', expected: ONLY_FIELDS };
          else if (top.names.has(name)) fault ??= { path: path(), given: 'given twice', expected: 'each name once' };
          top.names.add(name);
          values += 1;
        } else {
          const escaped = bytes.subarray(at + 1, end).includes(BACKSLASH);
          onString({ path: path(), start: at + 1, end, escaped });
        }
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

/**
 * Returns the position of the closing quote of the string whose first character is at `start`; the length of the text if the string
 * has no closing quote. Returns only a number, since an object for each of millions of short strings would cost memory.
 */
export function closingQuote(bytes: Buffer, start: number): number {
  for (let from = start; ; ) {
    // Most strings are short, and most escapes are close to each other: a loop finds the next quote or backslash faster than a native
    // search starts.
    let at = from;
    for (let near = at + SHORT; at < near; at++) {
      if (bytes[at] === QUOTE) return at;
      if (bytes[at] !== BACKSLASH) continue;
      // The escaped character is skipped with its backslash.
      at += 1;
      near = at + SHORT;
    }
    const end = bytes.indexOf(QUOTE, at);
    if (end === -1) return bytes.length;
    let backslashes = 0;
    while (end - backslashes > at && bytes[end - backslashes - 1] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    from = end + 1;
  }
}

/** Returns a field name with its escapes decoded, since `\u0061` and `a` are the same name. Returns undefined for an invalid string. */
export function decodedName(bytes: Buffer, quote: number, end: number): string | undefined {
  const name = bytes.toString('utf8', quote + 1, end);
  return name.includes('\\') ? decodedString(bytes.subarray(quote, end + 1)) : name;
}

/** Decodes the escapes of a JSON string, which is given with its quotes. Returns undefined for an invalid string. */
export function decodedString(quoted: Buffer): string | undefined {
  try {
    return String(JSON.parse(quoted.toString('utf8')));
  } catch {
    return undefined;
  }
}
