import { decodeWords } from 'postal-mime';

const WORD = /=\?([^?\s*]+)(?:\*[^?\s]*)?\?([BbQq])\?([^?\s]*)\?=/g;
/** Neighbours of the same character set, which are one text in pieces. */
const RUN = /=\?([^?\s*]+)(?:\*[^?\s]*)?\?[BbQq]\?[^?\s]*\?=(?:\s+=\?\1(?:\*[^?\s]*)?\?[BbQq]\?[^?\s]*\?=)+/g;

/**
 * Longer than any header that people read; postal-mime takes time by the square of the length for neighbours that it
 * cannot join, 9 s for 1.6 MB (measured with 4.0.0, 2026-11-25).
 */
const MAX_CHARACTERS = 64 * 1024;

/** Decodes the encoded words of a header (RFC 2047); one that is too long stays as it is. */
export function decodeHeader(value: string): string {
  return value.length <= MAX_CHARACTERS ? decodeWords(joinWords(value)) : value;
}

/**
 * Makes one encoded word of neighbours. Some clients cut a character in two between words, against the RFC: they are
 * joined as bytes before their character set is looked at.
 */
export function joinWords(value: string): string {
  return value.replace(RUN, joined);
}

function joined(run: string, charset: string): string {
  // Shift states end with each word there, and two escape sequences in a row are an error to decoders.
  if (/^iso-2022/i.test(charset)) return run;
  const pieces = [...run.matchAll(WORD)].map(([, , encoding = '', text = '']) =>
    /b/i.test(encoding) ? Buffer.from(text, 'base64') : unquoted(text),
  );
  return `=?${charset}?B?${Buffer.concat(pieces).toString('base64')}?=`;
}

function unquoted(text: string): Buffer {
  const bytes = text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}
