import { createHash } from 'node:crypto';
import type { InboundMessage } from '../contract/inbound.ts';
import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/** Lifetime of an item, the same as that of delivered messages. */
const REMEMBER_S = 30 * 86_400;
/** Largest number of mails of one Message-ID that are remembered; a broken sender uses one id for all of its mail. */
const MOST = 20;

type Named = Pick<InboundMessage, 'id' | 'messageId' | 'envelope' | 'from' | 'subject'>;

/** One mail with this Message-ID: its id, and a hash of what a provider's list contains as well. */
interface SameId {
  readonly id: string;
  readonly brief: string;
}

/**
 * Remembers a delivered mail by its Message-ID; true if another mail to the same recipient had it before. Then the sender
 * is broken, or tries to have the second mail taken for a copy of the first.
 */
export async function rememberId(table: Table, clock: Clock, message: Named): Promise<boolean> {
  const pk = keyOf(message);
  if (pk === undefined) return false;
  const expires = Math.floor(clock.now() / 1000) + REMEMBER_S;
  const own = { id: message.id, brief: briefOf(message) };
  let current = await table.write({ pk, mails: [own], expires }, undefined);
  if (current.done) return false;
  const known = mailsOf(current.current);
  if (known.some(({ id }) => id === message.id)) return false;
  const mails = [...known, own].slice(-MOST);
  current = await table.write({ pk, mails, expires }, current.current?.rev);
  return true;
}

/** The id of the mail with this Message-ID, sender and subject; a provider's list need not contain its date. */
export async function idByName(table: Table, message: Named): Promise<string | undefined> {
  const pk = keyOf(message);
  if (pk === undefined) return undefined;
  const brief = briefOf(message);
  return mailsOf(await table.get(pk)).find((one) => one.brief === brief)?.id;
}

function keyOf({ messageId, envelope }: Named): string | undefined {
  const [recipient = ''] = envelope.to;
  return messageId === undefined ? undefined : `message-id/${hash(recipient.toLowerCase(), messageId.toLowerCase())}`;
}

function briefOf({ from, subject = '' }: Named): string {
  return hash(from?.[0]?.address.toLowerCase() ?? '', subject).slice(0, 16);
}

function mailsOf(item: object | undefined): readonly SameId[] {
  const mails: unknown = item && 'mails' in item ? item.mails : undefined;
  return Array.isArray(mails) ? (mails as SameId[]) : [];
}

function hash(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
