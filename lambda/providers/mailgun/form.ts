import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

const LINE_END = '\r\n';

/**
 * A form for mailgun.js as `multipart/form-data` (RFC 7578), in a few pieces and without a copy of a file.
 *
 * The SDK takes any class with the methods of the package form-data. With the `FormData` of Node it copies a message to a
 * Blob, and writes each line of the form to the socket by itself (read in 14.0.1, 2026-11-30).
 */
export class Form extends Readable {
  readonly #boundary = `mailover-${randomUUID()}`;
  readonly #pieces: Buffer[] = [];
  /** The part of the form after the last piece. */
  #rest = '';

  append(name: string, value: string | Buffer, file?: { readonly filename: string }): void {
    const named = file === undefined ? '' : `; filename="${escaped(file.filename)}"`;
    this.#rest += `--${this.#boundary}${LINE_END}Content-Disposition: form-data; name="${escaped(name)}"${named}${LINE_END}`;
    if (typeof value === 'string') this.#rest += `${LINE_END}${value.replace(/\r?\n|\r/g, LINE_END)}${LINE_END}`;
    else {
      this.#rest += `Content-Type: application/octet-stream${LINE_END}${LINE_END}`;
      this.#pieces.push(Buffer.from(this.#rest), value);
      this.#rest = LINE_END;
    }
  }

  getHeaders(): Record<string, string> {
    return { 'content-type': `multipart/form-data; boundary=${this.#boundary}` };
  }

  getLength(done: (error: null, bytes: number) => void): void {
    const pieces = this.#pieces.reduce((sum, { length }) => sum + length, 0);
    done(null, pieces + Buffer.byteLength(this.#rest) + this.#end.length);
  }

  /** The word by which axios recognises a form. */
  override toString(): string {
    return '[object FormData]';
  }

  override _read(): void {
    for (const piece of this.#pieces) this.push(piece);
    this.push(Buffer.from(`${this.#rest}${this.#end}`));
    this.push(null);
  }

  get #end(): string {
    return `--${this.#boundary}--${LINE_END}`;
  }
}

/** Escapes what would end a quoted name, as browsers do (html.spec.whatwg.org, multipart-form-data, 2026-11-30). */
function escaped(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}
