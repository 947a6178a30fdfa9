import { createHash } from 'node:crypto';
import type { InboundMessage } from '../contract/inbound.ts';
import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/** Lifetime of an item, in seconds. It equals the time for which `once` remembers delivered messages. */
const REMEMBER_S = 30 * 86_400;
/** Largest number of mails with the same Message-ID that are remembered. A broken sender may use one Message-ID for all of its mail. */
const MOST = 20;

type Named = Pick<InboundMessage, 'id' | 'messageId' | 'envelope' | 'from' | 'subject'>;

/**
 * A remembered mail: the id of its message, and a hash of its sender and subject. A provider's list of received mail contains the
 * sender and subject, too.
 */
interface SameId {
  readonly id: string;
  readonly brief: string;
}

/**
 * Remembers a delivered mail by its Message-ID; returns true if another mail to the same recipient had the same Message-ID. A
 * reused Message-ID means that the sender's software is broken, or that the sender wants the second mail to be dropped as a
 * duplicate of the first.
 */
export async function rememberId(table: Table, clock: Clock, message: Named): Promise<boolean> {
  const pk = keyOf(message);
  if (pk === undefined) return false;
  const expires = Math.floor(clock.now() / 1000) + REMEMBER_S;
  const own = { id: message.id, brief: briefOf(message) };
  const first = await table.write({ pk, mails: [own], expires }, undefined);
  if (first.done) return false;
  const known = mailsOf(first.current);
  if (known.some(({ id }) => id === message.id)) return false;
  const mails = [...known, own].slice(-MOST);
  await table.write({ pk, mails, expires }, first.current?.rev);
  return true;
}

/**
 * Returns the id of the remembered mail with the same Message-ID, sender and subject. The id cannot always be computed: it
 * depends on the date, which a provider's list of received mail may lack.
 */
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
