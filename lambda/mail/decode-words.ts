import { textFrom } from './charset.ts';

/**
 * Matches an encoded word (RFC 2047). A language tag (RFC 2231, section 5) is ignored. A few question marks within the word are
 * accepted: RFC 2047 forbids them, but they are common in subjects.
 */
const WORD = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([BbQq])\?([^?]*(?:(?<!=)\?(?!=)[^?]{0,200}){0,5})\?=/g;
/** Matches an escape of the Q encoding that is cut off at the end of an encoded word, and continues in the next encoded word. */
const CUT = /=[0-9A-Fa-f]?$/;

/**
 * Decodes the encoded words in the value of a header.
 *
 * The bytes of adjacent encoded words with the same charset are joined before they are decoded, since some mail programs split a
 * character between two words. Spaces within an encoded word are accepted, since they are common in file names. RFC 2047 forbids such
 * splits and spaces.
 */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  let text = '';
  let end = 0;
  let run: Run | undefined;
  for (const { 0: word, 1: charset = '', 2: encoding = '', 3: content = '', index } of value.matchAll(WORD)) {
    const between = value.slice(end, index);
    const neighbours = run !== undefined && between.trim() === '';
    if (!neighbours || run?.charset !== charset.toLowerCase()) {
      text += textOf(run) + (neighbours ? '' : between);
      run = { charset: charset.toLowerCase(), pieces: [], cut: '' };
    }
    add(run, encoding, content);
    end = index + word.length;
  }
  return text + textOf(run) + value.slice(end);
}

interface Run {
  readonly charset: string;
  /** Decoded bytes, and characters that were not encoded although RFC 2047 requires it. */
  readonly pieces: (Buffer | string)[];
  /** The incomplete escape at the end of the last encoded word. */
  cut: string;
}

function add(run: Run, encoding: string, content: string): void {
  if (/b/i.test(encoding)) {
    run.pieces.push(...(run.cut === '' ? [] : [run.cut]), Buffer.from(content, 'base64'));
    run.cut = '';
    return;
  }
  const written = run.cut + content;
  run.cut = CUT.exec(written)?.[0] ?? '';
  run.pieces.push(...unquoted(written.slice(0, written.length - run.cut.length)));
}

function textOf(run: Run | undefined): string {
  if (run === undefined) return '';
  let text = '';
  let bytes: Buffer[] = [];
  for (const piece of [...run.pieces, run.cut]) {
    if (typeof piece !== 'string') {
      bytes.push(piece);
      continue;
    }
    text += textFrom(Buffer.concat(bytes), run.charset) + piece;
    bytes = [];
  }
  return text;
}

function unquoted(text: string): (Buffer | string)[] {
  return text.split(/([\u0080-\uffff]+)/).map((piece, place) => {
    if (place % 2 === 1) return piece;
    const bytes = piece
      .replaceAll('_', ' ')
      .replace(/=([0-9A-Fa-f]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1');
  });
}
