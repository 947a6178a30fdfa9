/** Limits of a JSON text, checked before it is parsed: the parsed value can be a hundred times as large as the text. */
export interface JsonLimits {
  /** Depth of nested objects and arrays. */
  readonly depth: number;
  /** Number of field names, and number of commas. */
  readonly parts: number;
  /** Bytes without the content of attachments. */
  readonly bytes: number;
}

/** The first limit that a text exceeds. */
export type ExceededLimit = keyof JsonLimits;

/** Facts about a JSON text that need no parsing. */
export interface JsonShape {
  readonly excess?: ExceededLimit;
  /** Whether a field is named `s3`, in any spelling. */
  readonly namesObject: boolean;
}

const [QUOTE, BACKSLASH, COMMA, COLON, SPACE] = [0x22, 0x5c, 0x2c, 0x3a, 0x20];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
/** Longest name that is compared, in characters, each of which may be escaped as six bytes. */
const MAX_NAME = 100;

/** Reads a text once, up to the first exceeded limit. Invalid JSON is left to the parser. */
export function measureJson(text: Uint8Array, limits: JsonLimits): JsonShape {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  /** The last name on each level. */
  const names: string[] = [''];
  let [parts, separators, content, namesObject] = [0, 0, 0, false];
  for (let at = 0; at < bytes.length; at++) {
    if (at - content > limits.bytes) return { excess: 'bytes', namesObject };
    switch (bytes[at]) {
      case QUOTE: {
        const end = endOfString(bytes, at);
        if (bytes[nextSign(bytes, end + 1)] === COLON) {
          if (++parts > limits.parts) return { excess: 'parts', namesObject };
          const name = nameOf(bytes.subarray(at, end + 1));
          names[names.length - 1] = name;
          namesObject ||= name === 's3';
        } else if (isAttachment(names)) content += end - at;
        at = end;
        break;
      }
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        if (names.length > limits.depth) return { excess: 'depth', namesObject };
        names.push('');
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        if (names.length > 1) names.pop();
        break;
      case COMMA:
        if (++separators > limits.parts) return { excess: 'parts', namesObject };
    }
  }
  return bytes.length - content > limits.bytes ? { excess: 'bytes', namesObject } : { namesObject };
}

/** Limits above any mail that a provider posts, even with a hundred thousand headers. */
const POSTED: JsonLimits = { depth: 32, parts: 500_000, bytes: Number.POSITIVE_INFINITY };

/**
 * Parses what a provider posted or answered; throws for invalid JSON, and for JSON above the limits before it fills the
 * memory.
 */
export function parsePosted(text: string | Uint8Array): unknown {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const { excess } = measureJson(bytes, POSTED);
  if (excess) throw new RangeError(`too much ${excess} for a mail`);
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

/** `attachments[…].content`. */
function isAttachment(names: readonly string[]): boolean {
  return names.length === 4 && names[1] === 'attachments' && names[3] === 'content';
}

function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  // An escaped character is skipped with its backslash.
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

function nextSign(bytes: Buffer, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0xff) <= SPACE) at++;
  return at;
}

function nameOf(quoted: Buffer): string {
  if (quoted.length > 6 * MAX_NAME) return '';
  try {
    return String(JSON.parse(quoted.toString('utf8')));
  } catch {
    return '';
  }
}
