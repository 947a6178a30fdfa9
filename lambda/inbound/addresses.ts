import addressparser from 'nodemailer/lib/addressparser';
import type { InboundMailbox } from '../contract/inbound.ts';
import { decodeWords } from '../mail/decode-words.ts';
import { defined } from '../platform/defined.ts';
import { repairedAddresses } from './address-repair.ts';
import { clean, inOneLine } from './clean.ts';

/** Largest number of mailboxes in one field of a message, such as `to`. The field `headers` of the message still has the complete header. */
const MAX_MAILBOXES = 2_000;

/** Largest total number of characters that are read from all headers with the same name. */
const MAX_CHARACTERS = 128 * 1024;

/**
 * Reads the mailboxes of address headers. The members of a group are listed like other mailboxes, and entries without an
 * address are left out. The encoded words (RFC 2047) of the headers must not have been decoded before: a comma or an address
 * within an encoded word is part of a name.
 */
export function readMailboxes(values: readonly string[]): InboundMailbox[] {
  let left = MAX_CHARACTERS;
  const mailboxes: InboundMailbox[] = [];
  for (const value of values) {
    const given = value.slice(0, left);
    const read = parsed(given);
    // Some clients encode the address together with the name, although RFC 2047, section 5, forbids this. Therefore a value that
    // consists only of encoded words, and in which no mailbox was found, is decoded as a whole.
    mailboxes.push(...(read.length > 0 || !ONLY_WORDS.test(given) ? read : parsed(decodeWords(given))));
    left -= value.length;
    if (left <= 0 || mailboxes.length >= MAX_MAILBOXES) break;
  }
  return mailboxes.slice(0, MAX_MAILBOXES);
}

/**
 * Reads the mailboxes of a From header whose encoded words the provider has already decoded. Therefore a name in the header
 * may contain commas and addresses. All text before the last address is read as the name of this address. There are two
 * exceptions: each address is in angle brackets, or the mail has a Sender header. A mail with several authors must have a
 * Sender header (RFC 5322, section 3.6.2).
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

/** Returns a list of one mailbox, in the form that the fields of a message have; an empty list if `address` is blank. */
export function mailboxOf(name: string | undefined, address: string): InboundMailbox[] {
  const shown = inOneLine(name ?? '');
  const bare = clean(address).trim();
  return bare ? [{ ...defined({ name: shown || undefined }), address: bare }] : [];
}

const WORD = String.raw`=\?[^?\s]{1,120}\?[BbQq]\?[^?]*\?=`;
const RUN = new RegExp(`${WORD}(?:\\s+${WORD})*`, 'g');
const ONLY_WORDS = new RegExp(`^\\s*(?:${WORD}\\s*)+$`);
/**
 * First of the private-use Unicode characters that replace runs of encoded words during parsing. Encoded words are replaced
 * because a comma within an encoded word separates no addresses.
 */
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
  /**
   * Addresses in encoded words, where RFC 2047 forbids them. If an entry with a plain address follows, they are part of the name
   * of that entry instead.
   */
  const left: InboundMailbox[] = [];
  const entries = addressparser(repairedAddresses(balanced(stripped)), { flatten: true }).slice(0, MAX_MAILBOXES);
  const mailboxes = entries.flatMap(({ name, address }) => {
    const shown = restored(name, decodeWords);
    if (address === '') {
      // An entry without an address is the start of the next entry's name: the name contains an unquoted comma, which
      // divided it.
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

/** Returns the address if a run of encoded words consists of an address, which RFC 2047 forbids; otherwise the unchanged run. */
function addressIn(run: string): string {
  const text = decodeWords(run).trim();
  return isAddress(text) ? text : run;
}

/** A local user name without a domain, as a scheduler such as cron writes it in mail to the owner of a job. */
const ATOM = /^[A-Za-z][\w.-]{0,63}$/;

/**
 * Removes an opening quote or parenthesis that is never closed, and all quotes and parentheses after it: otherwise the parser
 * would read the address as a part of the quoted text or of the comment.
 */
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
