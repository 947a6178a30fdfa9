import { domainToASCII } from 'node:url';
import { encodedWords, looksEncoded } from './encode-words.ts';
import type { Mailbox } from './message.ts';

/**
 * Result for an invalid address. `problem` describes what is expected instead, as part of a sentence. `problem` never contains
 * the address.
 */
export interface AddressProblem {
  readonly problem: string;
}

// RFC 5321 section 4.5.3.1 allows 64 octets for a local part, and 256 octets for a path with its angle brackets. RFC 1035 allows 253
// octets for a domain name.
const MAX_LOCAL_OCTETS = 64;
const MAX_ADDRESS_OCTETS = 254;
const MAX_DOMAIN_OCTETS = 253;
// Largest length of an input that is parsed, in characters; a longer input is refused. This length limits the work on invalid input.
// No valid address is longer.
const MAX_INPUT = 1000;

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const DOT_ATOM =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/u;
/** Matches a complete encoded-word (RFC 2047). A local part may contain `=?`, but no complete encoded-word. */
const ENCODED_WORD = /=\?[^?\s]+\?[bq]\?[^?\s]*\?=/i;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/su;
// Matches control characters, invisible format characters, lone surrogates, and spaces other than U+0020. Also matches certain pairs of
// letters: a mail program that cuts characters to 8 bits turns such a pair into CR LF. One such letter alone is allowed, since it occurs
// in ordinary Czech or Chinese text.
const FORBIDDEN_IN_LOCAL =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]|[\u010d\u560d][\u010a\u560a]/u;

/**
 * Reads exactly one address. Comments, groups, routes, encoded-words and domain literals are refused. In the returned address, the
 * domain is written in lower-case A-labels (UTS 46). The local part is written in NFC, with quotes only if the syntax requires them.
 */
export function parseMailbox(
  input: string | { readonly name?: string | undefined; readonly address: string },
): Mailbox | AddressProblem {
  const { name, address } = typeof input === 'string' ? { name: undefined, address: input } : input;
  if (address.length > MAX_INPUT) return { problem: `an address of at most ${MAX_ADDRESS_OCTETS} octets` };
  // A quoted local part may contain an @. A domain cannot contain an @.
  const at = address.lastIndexOf('@');
  if (at < 1) return { problem: 'one address with a local part, one @ and a domain' };
  const local = parseLocalPart(address.slice(0, at).normalize('NFC'));
  if (typeof local !== 'string') return local;
  const domain = parseDomain(address.slice(at + 1));
  if (typeof domain !== 'string') return domain;
  const canonical = `${local}@${domain}`;
  if (Buffer.byteLength(canonical) > MAX_ADDRESS_OCTETS) {
    return { problem: `an address of at most ${MAX_ADDRESS_OCTETS} octets` };
  }
  return name ? { name: name.toWellFormed(), address: canonical } : { address: canonical };
}

function parseLocalPart(given: string): string | AddressProblem {
  if (FORBIDDEN_IN_LOCAL.test(given)) return { problem: 'an address without control or invisible characters' };
  if (ENCODED_WORD.test(given)) return { problem: 'an address that is no encoded-word' };
  const quoted = QUOTED.exec(given)?.[1];
  const content = quoted === undefined ? given : quoted.replace(/\\(.)/gu, '$1');
  if (content === '') return { problem: 'an address with a local part' };
  const atom = DOT_ATOM.test(content);
  if (quoted === undefined && !atom) {
    return { problem: 'one bare address; a name goes into the field "name", a list into several entries' };
  }
  const local = atom ? content : `"${content.replace(/["\\]/g, '\\$&')}"`;
  if (Buffer.byteLength(local) > MAX_LOCAL_OCTETS) {
    return { problem: `a local part of at most ${MAX_LOCAL_OCTETS} octets` };
  }
  return local;
}

function parseDomain(given: string): string | AddressProblem {
  // The URL parser in domainToASCII decodes percent escapes and reads numbers as IPv4 addresses, so both are refused.
  const plain = /^[A-Za-z0-9.\-\u0080-\u{10ffff}]+$/u.test(given) && given.isWellFormed();
  const domain = plain ? domainToASCII(given).toLowerCase() : '';
  const labels = domain.split('.');
  if (!labels.every((label) => LABEL.test(label)) || /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) {
    return { problem: 'a domain name after the @, without a dot at its end' };
  }
  if (domain.length > MAX_DOMAIN_OCTETS) return { problem: `a domain of at most ${MAX_DOMAIN_OCTETS} octets` };
  return domain;
}

/** Whether servers without SMTPUTF8 can handle the address. Only the local part decides this, since the domain of a parsed address is ASCII. */
export function hasAsciiLocalPart(address: string): boolean {
  return !/\P{ASCII}/u.test(address);
}

/** Whether the local part can only be written as a quoted-string (`"a b"@example.com`). */
export function hasQuotedLocalPart(address: string): boolean {
  return address.startsWith('"');
}

/** Returns the domain of an address, in lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** Returns a key that is equal for addresses of the same mailbox. Only the letter case of the domain is ignored (RFC 5321 2.4). */
export function sameMailboxKey(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  return address.slice(0, at) + address.slice(at).toLowerCase();
}

/**
 * Formats a mailbox as text, for mail headers and for the JSON requests to all providers. No other function joins a name and an
 * address. The result is ASCII, except for a non-ASCII local part. A parser that reads the result gets exactly this name and address.
 */
export function formatMailbox(mailbox: Mailbox): string {
  return mailboxTokens(mailbox).join(' ');
}

function mailboxTokens({ name, address }: Mailbox, room?: number): string[] {
  if (!name) return [address];
  return [...phraseTokens(name, room), `<${address}>`];
}

/**
 * Returns the tokens of a list of mailboxes. A header line may be folded between two tokens. `room` is the number of free characters on
 * the first line of the header.
 */
export function listTokens(mailboxes: readonly Mailbox[], room: number): string[] {
  return mailboxes.flatMap((mailbox, index) => {
    const own = mailboxTokens(mailbox, index === 0 ? room : undefined);
    return index < mailboxes.length - 1 ? own.with(-1, `${own.at(-1)},`) : own;
  });
}

// Matches names that need no encoded words. Encoded words are needed for non-ASCII names, for names of more than 60 characters, and for
// names with spaces that a mail program would change by unfolding or trimming.
const PLAIN_PHRASE = /^(?! )(?!.* {2})[\x20-\x7e]{1,60}(?<! )$/;

/** Returns the tokens of a name that is written before an address or an id: one quoted-string, or encoded words. */
export function phraseTokens(name: string, room?: number): string[] {
  if (!PLAIN_PHRASE.test(name) || looksEncoded(name)) return encodedWords(name, room);
  return [`"${name.replace(/["\\]/g, '\\$&')}"`];
}
