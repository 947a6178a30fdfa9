import type { Expected } from './field-expectations.ts';
import type { Way } from './six-ways.ts';

/** A mail with one unusual property, and the message that the receiver must make of this mail. */
export interface Sibling {
  readonly name: string;
  readonly mail: Buffer;
  readonly expect: Expected;
  /** If present, the mail is tested only in these formats, since the other formats would change its bytes. */
  readonly ways?: readonly Way[];
}

const HEAD = {
  From: 'Ada <ada@example.org>',
  To: 'box@in.example.com',
  Subject: 'A subject',
  Date: 'Wed, 25 Nov 2026 12:59:00 +0100',
  'Message-ID': '<m@example.org>',
  'MIME-Version': '1.0',
};

/**
 * Formats that keep all bytes of a mail. JSON cannot contain bytes. Therefore a provider that posts JSON damages 8-bit text in
 * other charsets than UTF-8.
 */
export const AS_BYTES: readonly Way[] = ['mailgun-mime', 'ses'];

/**
 * Returns a mail with the usual headers. The given headers are added, or replace usual headers of the same name. Each character
 * of the text becomes one byte.
 */
export function mail(headers: Readonly<Record<string, string>>, body: string): Buffer {
  const lines = Object.entries({ ...HEAD, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${lines.join('\n')}\n\n${body}`.replace(/\r?\n/g, '\r\n'), 'latin1');
}
