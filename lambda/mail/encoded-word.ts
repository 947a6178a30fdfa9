// RFC 2047 section 2: at most 75 characters, 12 of them `=?UTF-8?B?` and `?=`; 60 of base64 carry 45 octets.
const MAX_OCTETS = 45;

/** Whether a reader could take plain ASCII for an encoded-word; lenient ones decode across spaces. */
export function looksEncoded(text: string): boolean {
  return text.includes('=?');
}

/**
 * The text as RFC 2047 encoded-words (UTF-8, base64), each whole by itself: no character is split between two.
 * Readers drop white space between neighbours, so the words may be folded at every space.
 */
export function encodedWords(text: string): string[] {
  const words: string[] = [];
  let chunk = '';
  let octets = 0;
  const flush = () => words.push(`=?UTF-8?B?${Buffer.from(chunk).toString('base64')}?=`);
  for (const character of text.toWellFormed()) {
    const size = Buffer.byteLength(character);
    if (octets + size > MAX_OCTETS) {
      flush();
      chunk = '';
      octets = 0;
    }
    chunk += character;
    octets += size;
  }
  if (chunk !== '') flush();
  return words;
}
