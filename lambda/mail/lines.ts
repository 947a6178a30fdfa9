const LF = 0x0a;
const CR = 0x0d;

/** Returns the end of the line that begins at `from`: the position at which the next line starts. */
export function lineEnd(mail: Buffer, from: number): number {
  const found = mail.indexOf(LF, from);
  return found === -1 ? mail.length : found + 1;
}

/** Returns the start of the body, after the next blank line. Used to skip the rest of a header block that is too long. */
export function endOfHead(mail: Buffer, from: number): number {
  const ends = ['\n\n', '\n\r\n'].flatMap((blank) => {
    const found = mail.indexOf(blank, Math.max(0, from - 1), 'latin1');
    return found === -1 ? [] : [found + blank.length];
  });
  return ends.length > 0 ? Math.min(...ends) : mail.length;
}

/** Returns the position before the last line end of the bytes from `start` to `end`. `\r\r\n` counts as one line end. */
export function withoutLineEnd(mail: Buffer, start: number, end: number): number {
  let at = end;
  if (at > start && mail[at - 1] === LF) {
    at -= 1;
    while (at > start && mail[at - 1] === CR) at -= 1;
  }
  return at;
}

/** Returns the text with all line ends as CRLF. A single CR also becomes CRLF, since text must not contain a single CR (RFC 2046, section 4.1.1). */
export function withLineEnds(text: string): string {
  return OTHER.test(text) ? text.replace(ANY, '\r\n') : text;
}

const OTHER = /(?:^|[^\r])\n|\r(?!\n)/;
const ANY = /\r{0,3}\n|\r/g;

/** Whether the bytes contain control characters that do not occur in text. ESC counts as text, since the charset ISO-2022 uses it. */
export function hasControls(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== ESCAPE));
}

const ESCAPE = 0x1b;
