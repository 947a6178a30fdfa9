import { randomBytes } from 'node:crypto';

/** A field of a posted form. A field with a file name is a file. */
export type PostedField =
  | readonly [name: string, value: string | Buffer]
  | readonly [name: string, content: Buffer, file: { readonly filename: string; readonly contentType: string }];

/** Body of a request, with its content type. */
export interface WireBody {
  readonly contentType: string;
  readonly body: Buffer;
}

/**
 * Encodes a form as multipart if it contains a file, and otherwise URL-encoded. Bytes that are not valid UTF-8 stay unchanged.
 */
export function encodeForm(
  fields: readonly PostedField[],
  multipart = fields.some((field) => field.length === 3),
): WireBody {
  if (!multipart) {
    const body = fields.map(([name, value]) => `${percent(name)}=${percent(value)}`).join('&');
    return { contentType: 'application/x-www-form-urlencoded', body: Buffer.from(body) };
  }
  const boundary = `----mailover${randomBytes(12).toString('hex')}`;
  const parts = fields.map(([name, value, file]) =>
    Buffer.concat([
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${
          file ? `; filename="${quoted(file.filename)}"\r\nContent-Type: ${file.contentType}` : ''
        }\r\n\r\n`,
      ),
      Buffer.from(value as Buffer),
      Buffer.from('\r\n'),
    ]),
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
  };
}

const UNRESERVED = /[A-Za-z0-9*._-]/;
const PERCENT = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (character === ' ') return '+';
  return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

function percent(value: string | Buffer): string {
  const parts: string[] = [];
  for (const byte of Buffer.from(value as Buffer)) parts.push(PERCENT[byte] ?? '');
  return parts.join('');
}

/** Escapes the name of a field or file as browsers do: quotes and line ends become percent escapes. */
function quoted(text: string): string {
  return text.replace(
    /["\r\n]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
