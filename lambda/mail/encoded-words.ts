import { textFrom } from './charset.ts';

/** RFC 2047; with the language of RFC 2231, section 5, which says nothing here. */
const WORD = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([BbQq])\?([^?]*)\?=/g;

/**
 * Decodes the encoded words of a header.
 *
 * Neighbours of one charset are joined as bytes first: some clients cut a character in two between words, against the RFC.
 * Blanks within a word, which the RFC forbids as well, are common in file names.
 */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  let text = '';
  let end = 0;
  let run: Run | undefined;
  for (const { 0: word, 1: charset = '', 2: encoding = '', 3: content = '', index } of value.matchAll(WORD)) {
    const between = value.slice(end, index);
    const bytes = /b/i.test(encoding) ? Buffer.from(content, 'base64') : unquoted(content);
    const neighbours = run !== undefined && between.trim() === '';
    if (neighbours && run?.charset === charset.toLowerCase()) run.pieces.push(bytes);
    else {
      text += textOf(run) + (neighbours ? '' : between);
      run = { charset: charset.toLowerCase(), pieces: [bytes] };
    }
    end = index + word.length;
  }
  return text + textOf(run) + value.slice(end);
}

interface Run {
  readonly charset: string;
  readonly pieces: Buffer[];
}

function textOf(run: Run | undefined): string {
  return run === undefined ? '' : textFrom(Buffer.concat(run.pieces), run.charset);
}

function unquoted(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('_', ' '), 'utf8')
    .toString('latin1')
    .replace(/=([0-9A-Fa-f]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}
