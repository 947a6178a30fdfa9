import { domainToASCII } from 'node:url';
import { encodedWords, looksEncoded } from './encoded-word.ts';
import type { Mailbox } from './message.ts';

/** Why an address is invalid: the part of a sentence that says what would be right; never contains the address. */
export interface AddressProblem {
  readonly problem: string;
}

// RFC 5321 section 4.5.3.1: 64 octets of local part, a path of 256 with its angle brackets; RFC 1035: a name of 253.
const MAX_LOCAL_OCTETS = 64;
const MAX_ADDRESS_OCTETS = 254;
const MAX_DOMAIN_OCTETS = 253;
// Bounds the work on invalid input; above any address within the limits above.
const MAX_INPUT = 1000;

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const DOT_ATOM =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/u;
/** A whole RFC 2047 encoded-word; `=?` alone is legal in a local part. */
const ENCODED_WORD = /=\?[^?\s]+\?[bq]\?[^?\s]*\?=/i;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/su;
// Controls, invisible format characters, lone surrogates and spaces other than U+0020. The pairs at the end become CR LF
// in a client that cuts characters to 8 bits; one of these letters alone is ordinary Czech or Chinese.
const FORBIDDEN_IN_LOCAL =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]|[\u010d\u560d][\u010a\u560a]/u;

/**
 * Reads exactly one address, strictly: no comments, groups, routes, encoded-words or domain literals. Returns the domain
 * in lower-case A-labels (UTS 46) and the local part in NFC, quoted only if it must be.
 */
export function parseMailbox(
  input: string | { readonly name?: string | undefined; readonly address: string },
): Mailbox | AddressProblem {
  const { name, address } = typeof input === 'string' ? { name: undefined, address: input } : input;
  if (address.length > MAX_INPUT) return { problem: `an address of at most ${MAX_ADDRESS_OCTETS} octets` };
  // A quoted local part may contain an @, a domain never does.
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
  // The URL parser behind domainToASCII decodes percent signs and reads numbers as IPv4, so neither is passed to it.
  const plain = /^[A-Za-z0-9.\-\u0080-\u{10ffff}]+$/u.test(given) && given.isWellFormed();
  const domain = plain ? domainToASCII(given).toLowerCase() : '';
  const labels = domain.split('.');
  if (!labels.every((label) => LABEL.test(label)) || /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) {
    return { problem: 'a domain name after the @, without a dot at its end' };
  }
  if (domain.length > MAX_DOMAIN_OCTETS) return { problem: `a domain of at most ${MAX_DOMAIN_OCTETS} octets` };
  return domain;
}

/** Whether servers without SMTPUTF8 can carry the address; the domain of a parsed address is always ASCII. */
export function hasAsciiLocalPart(address: string): boolean {
  return !/\P{ASCII}/u.test(address);
}

/** Whether the local part can only be written as a quoted-string (`"a b"@example.com`). */
export function hasQuotedLocalPart(address: string): boolean {
  return address.startsWith('"');
}

/** The part after the last @, in lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** Equal for two addresses that reach the same mailbox: the domain ignores case, the local part (RFC 5321 2.4) does not. */
export function sameMailboxKey(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  return address.slice(0, at) + address.slice(at).toLowerCase();
}

/**
 * Writes a mailbox for headers and for every provider's JSON: the only place where a name and an address are joined. The
 * result is ASCII (except for a non-ASCII local part), and parses back to exactly this name and address.
 */
export function formatMailbox(mailbox: Mailbox): string {
  return mailboxTokens(mailbox).join(' ');
}

function mailboxTokens({ name, address }: Mailbox, room?: number): string[] {
  if (!name) return [address];
  return [...phraseTokens(name, room), `<${address}>`];
}

/**
 * The tokens of a list of mailboxes, between which a header line may be folded; `room` is the free space on its first
 * line.
 */
export function listTokens(mailboxes: readonly Mailbox[], room: number): string[] {
  return mailboxes.flatMap((mailbox, index) => {
    const own = mailboxTokens(mailbox, index === 0 ? room : undefined);
    return index < mailboxes.length - 1 ? own.with(-1, `${own.at(-1)},`) : own;
  });
}

// Longer names, and spaces that a reader would change by folding or trimming, are safe only as encoded words.
const PLAIN_PHRASE = /^(?! )(?!.* {2})[\x20-\x7e]{1,60}(?<! )$/;

/** A name before an address or an id: quoted, or as encoded words. */
export function phraseTokens(name: string, room?: number): string[] {
  if (!PLAIN_PHRASE.test(name) || looksEncoded(name)) return encodedWords(name, room);
  return [`"${name.replace(/["\\]/g, '\\$&')}"`];
}
