import addressparser from 'nodemailer/lib/addressparser';
import type { InboundMailbox } from '../contract/inbound.ts';
import { decodeWords } from '../mail/encoded-words.ts';
import { repairedAddresses } from './address-repair.ts';
import { clean, inOneLine } from './clean.ts';

/** Largest number of mailboxes of one field; `headers` has the complete header. */
const MAX_MAILBOXES = 2_000;

/** Largest number of characters of all headers of one name together. */
const MAX_CHARACTERS = 128 * 1024;

/**
 * The mailboxes of address headers, with groups flattened; entries without an address are left out. The headers must not
 * be decoded: a comma or an address within an encoded word is part of a name.
 */
export function readMailboxes(values: readonly string[]): InboundMailbox[] {
  let left = MAX_CHARACTERS;
  const mailboxes: InboundMailbox[] = [];
  for (const value of values) {
    const given = value.slice(0, left);
    const read = parsed(given);
    // Some clients encode the address together with the name, although RFC 2047, section 5, forbids it: then the whole
    // value is decoded.
    mailboxes.push(...(read.length > 0 || !ONLY_WORDS.test(given) ? read : parsed(decodeWords(given))));
    left -= value.length;
    if (left <= 0 || mailboxes.length >= MAX_MAILBOXES) break;
  }
  return mailboxes.slice(0, MAX_MAILBOXES);
}

/**
 * The sender in a From header whose encoded words were decoded by the provider, so that a name may look like an address
 * before another one. Without a Sender header, which a list needs (RFC 5322, section 3.6.2), all text before the last
 * address is its name, unless each address is in angle brackets.
 */
export function readDecodedSender(value: string, hasSender: boolean): InboundMailbox[] {
  const mailboxes = readMailboxes([value]);
  const start = value.lastIndexOf('<');
  const [, address] = /^<([^<>\s]+)>\s*$/.exec(value.slice(start, start + MAX_ADDRESS)) ?? [];
  const listed = value.match(/<[^<>\s]{1,999}>(?=\s{0,99}(?:,|$))/g)?.length;
  if (mailboxes.length < 2 || mailboxes.length === listed || hasSender || address === undefined) return mailboxes;
  return mailboxOf(value.slice(0, start), address);
}

const MAX_ADDRESS = 1_000;

/** A mailbox in the shape of the message; empty without an address. */
export function mailboxOf(name: string | undefined, address: string): InboundMailbox[] {
  const shown = inOneLine(name ?? '');
  const bare = clean(address).trim();
  return bare ? [{ ...(shown && { name: shown }), address: bare }] : [];
}

const WORD = String.raw`=\?[^?\s]{1,120}\?[BbQq]\?[^?]*\?=`;
const RUN = new RegExp(`${WORD}(?:\\s+${WORD})*`, 'g');
const ONLY_WORDS = new RegExp(`^\\s*(?:${WORD}\\s*)+$`);
/** First private character that stands for a run of encoded words, whose characters are no syntax. */
const FIRST = 0xe000;
const MOST_RUNS = 0x1000;

function parsed(value: string): InboundMailbox[] {
  if (ATOM.test(value.trim())) return [{ address: value.trim() }];
  const runs: string[] = [];
  const stripped = value.replace(/[\ue000-\uefff]/g, '\ufffd').replace(RUN, (run) => {
    if (runs.length === MOST_RUNS) return '';
    return String.fromCharCode(FIRST + runs.push(run) - 1);
  });
  const restored = (text: string, restore: (run: string) => string) =>
    text.replace(/[\ue000-\uefff]/g, (sign) => restore(runs[sign.charCodeAt(0) - FIRST] ?? ''));
  let before = '';
  /** Addresses in encoded words, which the RFC forbids; before another address they are the start of its name. */
  const left: InboundMailbox[] = [];
  const entries = addressparser(repairedAddresses(balanced(stripped)), { flatten: true }).slice(0, MAX_MAILBOXES);
  const mailboxes = entries.flatMap(({ name, address }) => {
    const shown = restored(name, decodeWords);
    if (address === '') {
      // An entry without an address is the start of the next name, cut off by an unquoted comma.
      before = shown === '' ? before : `${before}${shown}, `;
      left.push(...(isAddress(shown) ? [{ address: shown }] : []));
      return [];
    }
    const full = before === '' ? shown : `${before}${shown}`.replace(/, $/, '');
    before = '';
    left.length = 0;
    return mailboxOf(full, restored(address, addressIn).replace(/^mailto:/i, ''));
  });
  return [...mailboxes, ...left];
}

function isAddress(text: string): boolean {
  return /^[^\s<>()@,;:"]+@[^\s<>()@,;:"]+$/.test(text);
}

/** The address in an encoded word, which the RFC forbids, if it is nothing else. */
function addressIn(run: string): string {
  const text = decodeWords(run).trim();
  return isAddress(text) ? text : run;
}

/** A local user name without a domain, as in mail from a scheduler to its owner. */
const ATOM = /^[A-Za-z][\w.-]{0,63}$/;

/** Removes an opening quote or parenthesis that is never closed, since it would swallow the address. */
function balanced(value: string): string {
  let quote = -1;
  const open: number[] = [];
  for (let at = 0; at < value.length; at += 1) {
    const sign = value[at];
    if (sign === '\\') at += 1;
    else if (sign === '"' && open.length === 0) quote = quote === -1 ? at : -1;
    else if (quote === -1 && sign === '(') open.push(at);
    else if (quote === -1 && sign === ')') open.pop();
  }
  const [unclosed = quote] = open;
  return unclosed === -1 ? value : `${value.slice(0, unclosed)} ${value.slice(unclosed + 1).replace(/["()]/g, ' ')}`;
}
