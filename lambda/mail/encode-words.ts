/** Number of characters of `=?UTF-8?B?` and `?=` together, which enclose the base64 of an encoded word. */
const FRAME = 12;
/** Largest length of an encoded word, in characters (RFC 2047 section 2). */
const MAX_WORD = 75;
/** Length of an encoded word with room for any single character, which has at most four octets: eight characters of base64. */
const LEAST_WORD = FRAME + 8;

/** Whether a mail program could decode this plain ASCII text as an encoded word. Lenient programs decode even a word that contains spaces. */
export function looksEncoded(text: string): boolean {
  return text.includes('=?');
}

/**
 * Writes the text as RFC 2047 encoded words (UTF-8, base64). Each word contains only whole characters. Mail programs remove white space
 * between adjacent encoded words. Therefore a header may be folded between any two encoded words.
 *
 * @param room number of free characters on the first line; if no encoded word fits there, the first word may have the full length, and
 * belongs on a new line
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

/** Returns the number of octets that an encoded word of this length can contain: four characters of base64 encode three octets. */
function octetsIn(word: number): number {
  return Math.floor((word - FRAME) / 4) * 3;
}
