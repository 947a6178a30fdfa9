import { closingQuote, decodedName } from './json-text.ts';

/** Limits of a JSON text. They are checked before the text is parsed: the parsed value can need a hundred times the memory of the text. */
export interface JsonLimits {
  /** Largest depth of nested objects and arrays. */
  readonly depth: number;
  /** Largest number of field names. It is also the largest number of commas. */
  readonly parts: number;
  /** Largest number of bytes of the text; the content of attachments is not counted. */
  readonly bytes: number;
}

/** The first limit that a text exceeds. */
export type ExceededLimit = keyof JsonLimits;

/** Properties of a JSON text that are determined without parsing the text. */
export interface JsonShape {
  readonly excess?: ExceededLimit;
  /** Whether a field is named `s3`, even if the name is written with escapes. */
  readonly namesObject: boolean;
}

const [QUOTE, COMMA, COLON, SPACE] = [0x22, 0x2c, 0x3a, 0x20];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
/**
 * Largest length of a field name that is decoded, in characters. Each character can be an escape of six bytes. A longer name is not
 * decoded, and counts as an unknown field.
 */
const MAX_NAME = 100;

/** Reads a JSON text once, and stops at the first exceeded limit. Invalid JSON is not reported, since the parser rejects it later. */
export function measureJson(text: Uint8Array, limits: JsonLimits): JsonShape {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  /** The last field name on each level of nesting. */
  const names: string[] = [''];
  let [parts, separators, content, namesObject] = [0, 0, 0, false];
  for (let at = 0; at < bytes.length; at++) {
    if (at - content > limits.bytes) return { excess: 'bytes', namesObject };
    switch (bytes[at]) {
      case QUOTE: {
        const end = closingQuote(bytes, at + 1);
        if (bytes[nextSign(bytes, end + 1)] === COLON) {
          if (++parts > limits.parts) return { excess: 'parts', namesObject };
          const name = end - at >= 6 * MAX_NAME ? '' : (decodedName(bytes, at, end) ?? '');
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

/** Limits for JSON from a provider. No mail that a provider posts exceeds them, even if the mail has a hundred thousand headers. */
const POSTED: JsonLimits = { depth: 32, parts: 500_000, bytes: Number.POSITIVE_INFINITY };

/**
 * Parses JSON from a provider's webhook request or answer. Throws for invalid JSON. Also throws for JSON above the limits, and does not
 * parse it, since the result could fill the memory.
 */
export function parsePosted(text: string | Uint8Array): unknown {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const { excess } = measureJson(bytes, POSTED);
  if (excess) throw new RangeError(`too much ${excess} for a mail`);
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

/** Whether these field names, one for each level of nesting, form the path `attachments[…].content`. */
function isAttachment(names: readonly string[]): boolean {
  return names.length === 4 && names[1] === 'attachments' && names[3] === 'content';
}

function nextSign(bytes: Buffer, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0xff) <= SPACE) at++;
  return at;
}
