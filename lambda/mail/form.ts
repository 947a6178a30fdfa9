import { createHash } from 'node:crypto';

/** One field of a posted form. The value is kept as bytes: a field can contain a mail, and a mail need not be UTF-8. */
export interface FormField {
  readonly name: string;
  readonly filename?: string;
  readonly contentType?: string;
  readonly value: Buffer;
}

/** A form that was read. `fields` are in the order of the form. */
export interface PostedForm {
  readonly fields: readonly FormField[];
  /** True if the end of the form was found, and no field was left out because of the limits below. */
  readonly complete: boolean;
  /** Hash of all fields that were left out; absent if no field was left out. */
  readonly rest?: string;
}

/**
 * Number of fields that are kept whatever their names are. It is far more than any mail needs, although Mailgun posts every mail header as
 * a separate field.
 */
const MAX_FIELDS = 50_000;
/** Largest number of fields that are kept in total. After the first `MAX_FIELDS` fields, only fields that `isWanted` selects are kept. */
const MAX_WANTED_FIELDS = 100_000;
const MAX_PART_HEADER_BYTES = 16_384;

/**
 * Reads a form of type `application/x-www-form-urlencoded` or `multipart/form-data` in one pass through the bytes. Returns undefined for
 * any other content type.
 *
 * Node's own reader (`Response.formData()`) is not used: it decodes text fields as UTF-8, which destroys 8-bit mail, and
 * refuses the whole form if one part is malformed. `isWanted` selects the fields that are kept if the form has too many fields.
 */
export function readForm(
  contentType: string,
  body: Buffer,
  isWanted: (name: string) => boolean = () => false,
): PostedForm | undefined {
  const gathering = gather(isWanted);
  const [type = ''] = contentType.split(';', 1);
  switch (type.trim().toLowerCase()) {
    case 'application/x-www-form-urlencoded':
      return readUrlencoded(body, gathering);
    case 'multipart/form-data': {
      const boundary = parameters(contentType).get('boundary');
      return boundary ? readMultipart(body, boundary, gathering) : undefined;
    }
    default:
      return undefined;
  }
}

/** Returns the value of a field as text. Invalid UTF-8 becomes U+FFFD. */
export function textOf(value: Buffer): string {
  return value.toString('utf8');
}

type Gathering = ReturnType<typeof gather>;

/** Collects fields up to the limits, and computes a hash of all further fields. */
function gather(isWanted: (name: string) => boolean) {
  const fields: FormField[] = [];
  const rest = createHash('sha256');
  let complete = true;
  return {
    /** `bytes`: the encoded field, as it is written in the form. */
    add(name: string, bytes: Buffer, field: () => FormField): void {
      if (fields.length < MAX_FIELDS || (fields.length < MAX_WANTED_FIELDS && isWanted(name))) {
        fields.push(field());
        return;
      }
      rest.update(bytes);
      complete = false;
    },
    form: (ended: boolean): PostedForm => ({
      fields,
      complete: complete && ended,
      ...(!complete && { rest: rest.digest('base64url') }),
    }),
  };
}

function readUrlencoded(body: Buffer, { add, form }: Gathering): PostedForm {
  let start = 0;
  while (start < body.length) {
    const ampersand = body.indexOf(0x26, start);
    const end = ampersand === -1 ? body.length : ampersand;
    if (end > start) {
      const pair = body.subarray(start, end);
      const equals = pair.indexOf(0x3d);
      const name = percentDecoded(equals === -1 ? pair : pair.subarray(0, equals)).toString('utf8');
      add(name, body.subarray(start, end + 1), () => ({
        name,
        value: equals === -1 ? Buffer.alloc(0) : percentDecoded(pair.subarray(equals + 1)),
      }));
    }
    start = end + 1;
  }
  return form(true);
}

function percentDecoded(bytes: Buffer): Buffer {
  if (!bytes.includes(0x25) && !bytes.includes(0x2b)) return bytes;
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let place = 0; place < bytes.length; place++) {
    const byte = bytes[place] ?? 0;
    const high = byte === 0x25 ? hexDigit(bytes[place + 1]) : -1;
    const low = high === -1 ? -1 : hexDigit(bytes[place + 2]);
    if (low === -1) {
      decoded[length++] = byte === 0x2b ? 0x20 : byte;
    } else {
      decoded[length++] = high * 16 + low;
      place += 2;
    }
  }
  return decoded.subarray(0, length);
}

/** Returns the value of a hexadecimal digit, from 0 to 15. Returns -1 for any other byte. */
export function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const HEADER_END = Buffer.from('\r\n\r\n');

function readMultipart(body: Buffer, boundary: string, { add, form }: Gathering): PostedForm {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const first = body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2));
  let found = first ? endOfDelimiter(body, delimiter.length - 2) : findDelimiter(body, delimiter, 0);
  while (found !== undefined && !found.last) {
    // The search begins two bytes before the end of this delimiter: if the part is empty, the line break there begins the next delimiter.
    const next = findDelimiter(body, delimiter, found.end - 2);
    const part = body.subarray(found.end, Math.max(found.end, next?.start ?? body.length));
    const field = readPart(part);
    if (field) add(field.name, part, () => field);
    found = next;
  }
  return form(found?.last === true);
}

interface Delimiter {
  /** Position at which the part before the delimiter ends. */
  readonly start: number;
  /** Position at which the part after the delimiter starts. */
  readonly end: number;
  readonly last: boolean;
}

function findDelimiter(body: Buffer, delimiter: Buffer, from: number): Delimiter | undefined {
  for (let at = body.indexOf(delimiter, from); at !== -1; at = body.indexOf(delimiter, at + 2)) {
    const found = endOfDelimiter(body, at + delimiter.length);
    if (found) return { ...found, start: at };
  }
  return undefined;
}

/**
 * Finds the end of a delimiter: after its line break, or after two hyphens, which mark the last delimiter of the form. Returns undefined
 * if the bytes are only the start of a longer boundary.
 */
function endOfDelimiter(body: Buffer, after: number): Delimiter | undefined {
  if (body[after] === 0x2d && body[after + 1] === 0x2d) return { start: 0, end: after + 2, last: true };
  let end = after;
  while (body[end] === 0x20 || body[end] === 0x09) end += 1;
  return body[end] === 0x0d && body[end + 1] === 0x0a ? { start: 0, end: end + 2, last: false } : undefined;
}

function readPart(part: Buffer): FormField | undefined {
  const headerEnd = part.subarray(0, MAX_PART_HEADER_BYTES).indexOf(HEADER_END);
  if (headerEnd === -1) return undefined;
  const headers = new Map<string, string>();
  for (const line of part.toString('utf8', 0, headerEnd).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = parameters(headers.get('content-disposition') ?? '');
  const name = disposition.get('name');
  if (name === undefined) return undefined;
  const filename = disposition.get('filename*') ?? disposition.get('filename');
  const contentType = headers.get('content-type');
  return {
    name,
    ...(filename !== undefined && { filename }),
    ...(contentType && { contentType }),
    value: part.subarray(headerEnd + HEADER_END.length),
  };
}

/** Returns the parameters of a structured header. Names are in lower case. Quoted-strings and RFC 8187 values are decoded. */
function parameters(header: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, token = ''] of header.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    const value = quoted === undefined ? token.trim() : quoted.replace(/\\(["\\])/g, '$1');
    // Browsers and HTTP libraries write a quotation mark within a name as %22 (html.spec.whatwg.org, multipart/form-data).
    const plain = quoted === undefined ? value : value.replace(/%22/g, '"');
    found.set(key, key.endsWith('*') ? extended(value) : plain);
  }
  return found;
}

const PARAMETER = /;\s*([^=;\s"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/g;

/** Decodes a parameter value in the form of RFC 8187, such as `UTF-8''na%C3%AFve.txt`. */
function extended(value: string): string {
  const encoded = value.replace(/^[^']*'[^']*'/, '');
  return percentDecoded(Buffer.from(encoded.replaceAll('+', '%2B'), 'latin1')).toString('utf8');
}
