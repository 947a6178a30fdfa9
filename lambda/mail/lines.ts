const LF = 0x0a;
const CR = 0x0d;

/** Where the line that begins at `from` ends, behind its line end. */
export function lineEnd(mail: Buffer, from: number): number {
  const found = mail.indexOf(LF, from);
  return found === -1 ? mail.length : found + 1;
}

/** Behind the next blank line: where a header block ends that is too long to be read. */
export function endOfHead(mail: Buffer, from: number): number {
  const ends = ['\n\n', '\n\r\n'].flatMap((blank) => {
    const found = mail.indexOf(blank, Math.max(0, from - 1), 'latin1');
    return found === -1 ? [] : [found + blank.length];
  });
  return ends.length > 0 ? Math.min(...ends) : mail.length;
}

/** The end of what stands from `start` to `end`, without the line end there; `\r\r\n` is one too. */
export function withoutLineEnd(mail: Buffer, start: number, end: number): number {
  let at = end;
  if (at > start && mail[at - 1] === LF) {
    at -= 1;
    while (at > start && mail[at - 1] === CR) at -= 1;
  }
  return at;
}

/** Text with line ends of one kind, as mail has them on its way: CRLF. */
export function withLineEnds(text: string): string {
  return OTHER.test(text) ? text.replace(ANY, '\r\n') : text;
}

const OTHER = /(?:^|[^\r])\n|\r\r\n/;
const ANY = /\r{0,3}\n/g;

/** Whether there are control characters that no text has; escapes of ISO-2022 are none of them. */
export function hasControls(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== ESCAPE));
}

const ESCAPE = 0x1b;
