import { mailboxTokens } from './address.ts';
import { encodedWords } from './encoded-word.ts';
import type { Mailbox } from './message.ts';

// RFC 5322 section 2.1.1 wants 78 characters and allows 998; one word of up to 900 still fits its line.
const WIDTH = 76;
const MAX_WORD = 900;
const ENCODED_WORD = /=\?[^?]*\?[bq]\?[^?]*\?=/i;

/** A header of free text, ASCII and folded; a value that folding could change travels as encoded-words. */
export function textHeader(name: string, value: string): string {
  const words = value.split(' ');
  const plain =
    /^[\x20-\x7e]*$/.test(value) &&
    words.every((word) => word !== '' && word.length <= MAX_WORD) &&
    !ENCODED_WORD.test(value);
  return fold(name, plain ? words : encodedWords(value));
}

/** A header of mailboxes, folded only where {@link mailboxTokens} allows it. */
export function mailboxHeader(name: string, mailboxes: readonly Mailbox[]): string {
  const tokens = mailboxes.flatMap((mailbox, index) => {
    const own = mailboxTokens(mailbox);
    return index < mailboxes.length - 1 ? own.with(-1, `${own.at(-1)},`) : own;
  });
  return fold(name, tokens);
}

function fold(name: string, tokens: readonly string[]): string {
  let header = `${name}:`;
  let length = header.length;
  for (const [index, token] of tokens.entries()) {
    // The first token stays beside the name where it can: some readers lose a value whose first line is empty.
    const breaks = length + 1 + token.length > (index === 0 ? MAX_WORD + WIDTH : WIDTH);
    header += breaks ? `\r\n ${token}` : ` ${token}`;
    length = (breaks ? 0 : length) + 1 + token.length;
  }
  return header;
}
