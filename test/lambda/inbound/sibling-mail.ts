import type { Expected } from './field-expectations.ts';
import type { Way } from './six-ways.ts';

/** A mail with one oddity, and the expected message. */
export interface Sibling {
  readonly name: string;
  readonly mail: Buffer;
  readonly expect: Expected;
  /** The forms that keep all bytes, for a mail whose bytes other forms lose. */
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

/** JSON holds no bytes: there 8-bit text of another charset than UTF-8 is damaged before it is posted. */
export const AS_BYTES: readonly Way[] = ['mailgun-mime', 'ses'];

/** A mail of these headers, added to the usual ones or replacing them; text is taken as bytes. */
export function mail(headers: Readonly<Record<string, string>>, body: string): Buffer {
  const lines = Object.entries({ ...HEAD, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${lines.join('\n')}\n\n${body}`.replace(/\r?\n/g, '\r\n'), 'latin1');
}
