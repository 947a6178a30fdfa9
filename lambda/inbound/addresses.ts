import { addressParser } from 'postal-mime';
import type { InboundMailbox } from '../contract/inbound.ts';
import { clean, oneLine } from './clean.ts';
import { joinWords } from './encoded-words.ts';

/** More than any mail to people has; the header itself is in `headers` whole. */
const MAX_MAILBOXES = 2_000;

/** Of all headers of one name together. */
const MAX_CHARACTERS = 128 * 1024;

/**
 * The mailboxes of address headers, groups flattened; what names nobody is left out. The headers are to be as they were
 * written: a comma or an address within an encoded word is part of a name, and no mailbox of its own.
 */
export function readMailboxes(values: readonly string[]): InboundMailbox[] {
  let left = MAX_CHARACTERS;
  const mailboxes: InboundMailbox[] = [];
  for (const value of values) {
    const given = joinWords(value.slice(0, left));
    for (const { name, address } of addressParser(given, { flatten: true }))
      mailboxes.push(...mailboxOf(name, address ?? ''));
    left -= value.length;
    if (left <= 0 || mailboxes.length >= MAX_MAILBOXES) break;
  }
  return mailboxes.slice(0, MAX_MAILBOXES);
}

/** One mailbox in the shape of the message, or none if both parts are empty. */
export function mailboxOf(name: string | undefined, address: string): InboundMailbox[] {
  const shown = oneLine(name ?? '');
  const bare = clean(address).trim();
  return shown || bare ? [{ ...(shown && { name: shown }), address: bare }] : [];
}
