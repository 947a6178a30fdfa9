/** Characters of `=?UTF-8?B?` and `?=`. */
const FRAME = 12;
/** RFC 2047 section 2: longest encoded word. */
const MAX_WORD = 75;
/** Shortest encoded word: one character of four octets is eight characters of base64. */
const LEAST_WORD = FRAME + 8;

/** Whether a reader could take plain ASCII for an encoded word; lenient readers decode across spaces. */
export function looksEncoded(text: string): boolean {
  return text.includes('=?');
}

/**
 * The text as RFC 2047 encoded words (UTF-8, base64), each with whole characters only. Readers drop white space between
 * neighbours, so the words may be folded at every space.
 *
 * @param room free characters on the first line; if no word fits, the first one begins a new line
 */
export function encodedWords(text: string, room = MAX_WORD): string[] {
  const words: string[] = [];
  let chunk = '';
  let octets = 0;
  let most = octetsIn(room < LEAST_WORD ? MAX_WORD : Math.min(room, MAX_WORD));
  const flush = () => {
    words.push(`=?UTF-8?B?${Buffer.from(chunk).toString('base64')}?=`);
    most = octetsIn(MAX_WORD);
  };
  for (const character of text.toWellFormed()) {
    const size = Buffer.byteLength(character);
    if (octets + size > most) {
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

/** Four characters of base64 carry three octets. */
function octetsIn(word: number): number {
  return Math.floor((word - FRAME) / 4) * 3;
}
