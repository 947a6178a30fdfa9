const LF = 0x0a;
const CR = 0x0d;

/** Start of the line after the one that begins at `from`. */
export function lineEnd(mail: Buffer, from: number): number {
  const found = mail.indexOf(LF, from);
  return found === -1 ? mail.length : found + 1;
}

/** Start of the body after the next blank line, for a header block that is too long to be read. */
export function endOfHead(mail: Buffer, from: number): number {
  const ends = ['\n\n', '\n\r\n'].flatMap((blank) => {
    const found = mail.indexOf(blank, Math.max(0, from - 1), 'latin1');
    return found === -1 ? [] : [found + blank.length];
  });
  return ends.length > 0 ? Math.min(...ends) : mail.length;
}

/** End of the content from `start` to `end` without a line end; `\r\r\n` counts as one. */
export function withoutLineEnd(mail: Buffer, start: number, end: number): number {
  let at = end;
  if (at > start && mail[at - 1] === LF) {
    at -= 1;
    while (at > start && mail[at - 1] === CR) at -= 1;
  }
  return at;
}

/** Text with CRLF line ends only; a CR alone ends a line too, since a text has it for nothing else (RFC 2046, section 4.1.1). */
export function withLineEnds(text: string): string {
  return OTHER.test(text) ? text.replace(ANY, '\r\n') : text;
}

const OTHER = /(?:^|[^\r])\n|\r(?!\n)/;
const ANY = /\r{0,3}\n|\r/g;

/** Whether the bytes contain control characters that no text has; escapes of ISO-2022 are allowed. */
export function hasControls(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== ESCAPE));
}

const ESCAPE = 0x1b;
