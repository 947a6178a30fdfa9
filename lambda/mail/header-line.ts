import { listTokens } from './address.ts';
import { encodedWords, looksEncoded } from './encoded-word.ts';
import { type HeaderRead, MAX_WORD, readStructured } from './header-kinds.ts';
import type { Mailbox } from './message.ts';

// RFC 5322 section 2.1.1 recommends 78 characters and allows 998; RFC 2047 section 2 allows 76 on a line with an encoded
// word.
const WIDTH = 76;
const ENCODED_WORD = /=\?[^?]*\?[bq]\?[^?]*\?=/i;

/** Free characters on the first line after a name. */
function roomBeside(name: string): number {
  return WIDTH - name.length - 2;
}

/**
 * The tokens of a custom header, between which its line may be folded, the same for every provider. Encoded words appear
 * only where RFC 2047 section 5 allows them.
 *
 * @throws for a value that {@link headerProblem} refuses
 */
export function headerTokens(name: string, value: string): readonly string[] {
  const read = readHeader(name, value);
  if ('problem' in read) throw new Error(`the header ${name} was not checked`);
  return read.tokens;
}

/** What the value of a header should have been; undefined for a valid one. */
export function headerProblem(name: string, value: string): string | undefined {
  const read = readHeader(name, value);
  return 'problem' in read ? read.problem : undefined;
}

function readHeader(name: string, value: string): HeaderRead {
  // Surrounding white space has no meaning in any header.
  const text = value.trim();
  if (text === '') return { problem: 'a value with something to see in it' };
  return readStructured(name, text, roomBeside(name)) ?? { tokens: textTokens(name, text) };
}

/** A header of free text, ASCII and folded; a value that folding could change is written as encoded words. */
export function textHeader(name: string, value: string): string {
  return fold(name, textTokens(name, value));
}

function textTokens(name: string, value: string): readonly string[] {
  const words = value.split(' ');
  const plain =
    /^[\x20-\x7e]*$/.test(value) &&
    words.every((word) => word !== '' && word.length <= MAX_WORD) &&
    !ENCODED_WORD.test(value);
  return plain ? words : encodedWords(value, roomBeside(name));
}

/** A header of mailboxes, folded only where {@link listTokens} allows it. */
export function mailboxHeader(name: string, mailboxes: readonly Mailbox[]): string {
  return fold(name, listTokens(mailboxes, roomBeside(name)));
}

/** A header as lines. */
export function fold(name: string, tokens: readonly string[]): string {
  let header = `${name}:`;
  let length = header.length;
  for (const [index, token] of tokens.entries()) {
    // The first token stays next to the name if it fits: some readers lose a value whose first line is empty.
    const width = index === 0 && !looksEncoded(token) ? MAX_WORD + WIDTH : WIDTH;
    const breaks = length + 1 + token.length > width;
    header += breaks ? `\r\n ${token}` : ` ${token}`;
    length = (breaks ? 0 : length) + 1 + token.length;
  }
  return header;
}
