import { addressParser } from 'postal-mime';
import type { InboundMailbox } from '../contract/inbound.ts';
import { clean, oneLine } from './clean.ts';

/** More than any mail to people has; the header itself is in `headers` whole. */
const MAX_MAILBOXES = 2_000;

const MAX_CHARACTERS = 128 * 1024;

/** The mailboxes of address headers, groups flattened; what names nobody is left out. */
export function readMailboxes(values: readonly string[]): InboundMailbox[] {
  return values
    .flatMap((value) => addressParser(value.slice(0, MAX_CHARACTERS), { flatten: true }))
    .slice(0, MAX_MAILBOXES)
    .flatMap(({ name, address }) => mailboxOf(name, address ?? ''));
}

/** One mailbox in the shape of the message, or none if both parts are empty. */
export function mailboxOf(name: string | undefined, address: string): InboundMailbox[] {
  const shown = oneLine(name ?? '');
  const bare = clean(address).trim();
  return shown || bare ? [{ ...(shown && { name: shown }), address: bare }] : [];
}
