import { listTokens } from './address.ts';
import { encodedWords, looksEncoded } from './encode-words.ts';
import { type HeaderRead, MAX_WORD, readStructured } from './header-kinds.ts';
import type { Mailbox } from './message.ts';

// Largest number of characters on a header line. RFC 5322 section 2.1.1 recommends at most 78 characters, and allows 998. RFC 2047
// section 2 allows 76 characters on a line with an encoded word.
const WIDTH = 76;
const ENCODED_WORD = /=\?[^?]*\?[bq]\?[^?]*\?=/i;

/** Returns the number of free characters that the first line of a header has after the header name. */
function roomBeside(name: string): number {
  return WIDTH - name.length - 2;
}

/**
 * Returns the tokens of the value of a custom header. The header line may be folded between two tokens. The tokens do not depend on the
 * provider. Encoded words are used only where RFC 2047 section 5 allows them.
 *
 * @throws Error for a value that {@link headerProblem} refuses
 */
export function headerTokens(name: string, value: string): readonly string[] {
  const read = readHeader(name, value);
  if ('problem' in read) throw new Error(`the header ${name} was not checked`);
  return read.tokens;
}

/** Describes what is expected instead of an invalid header value. Returns undefined for a valid value. */
export function headerProblem(name: string, value: string): string | undefined {
  const read = readHeader(name, value);
  return 'problem' in read ? read.problem : undefined;
}

function readHeader(name: string, value: string): HeaderRead {
  // Surrounding white space has no meaning in any header.
  const text = value.trim();
  if (text === '') return { problem: 'a value with visible characters' };
  return readStructured(name, text, roomBeside(name)) ?? { tokens: textTokens(name, text) };
}

/** Writes a header of free text in ASCII, folded. A value that folding could change is written as encoded words. */
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

/** Writes a header with a list of mailboxes. The header is folded only between the tokens of {@link listTokens}. */
export function mailboxHeader(name: string, mailboxes: readonly Mailbox[]): string {
  return fold(name, listTokens(mailboxes, roomBeside(name)));
}

/** Writes a header. If the header is too long for one line, it is folded between its tokens. */
export function fold(name: string, tokens: readonly string[]): string {
  let header = `${name}:`;
  let length = header.length;
  for (const [index, token] of tokens.entries()) {
    // The first token stays on the line of the header name if it fits: some mail programs lose a value whose first line is empty.
    const width = index === 0 && !looksEncoded(token) ? MAX_WORD + WIDTH : WIDTH;
    const breaks = length + 1 + token.length > width;
    header += breaks ? `\r\n ${token}` : ` ${token}`;
    length = (breaks ? 0 : length) + 1 + token.length;
  }
  return header;
}
