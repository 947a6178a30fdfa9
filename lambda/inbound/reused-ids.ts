import { createHash } from 'node:crypto';
import type { InboundMessage } from '../contract/inbound.ts';
import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';

/** As long as a message is remembered. */
const REMEMBER_S = 30 * 86_400;
/** Mails of one Message-ID that are told apart; a broken sender gives it to all of its mail. */
const MOST = 20;

type Named = Pick<InboundMessage, 'id' | 'messageId' | 'envelope' | 'from' | 'subject'>;

/** One mail of a Message-ID: its id, and what a list of a provider tells of it too. */
interface Namesake {
  readonly id: string;
  readonly brief: string;
}

/**
 * Remembers a delivered mail by its Message-ID; true if that stood for another mail to the same recipient before. Then it is
 * one of a broken sender, or of somebody who would like the second mail to pass for a copy of the first.
 */
export async function rememberId(table: Table, clock: Clock, message: Named): Promise<boolean> {
  const pk = keyOf(message);
  if (pk === undefined) return false;
  const expires = Math.floor(clock.now() / 1000) + REMEMBER_S;
  const own = { id: message.id, brief: briefOf(message) };
  let current = await table.write({ pk, mails: [own], expires }, undefined);
  if (current.done) return false;
  const known = namesakes(current.current);
  if (known.some(({ id }) => id === message.id)) return false;
  const mails = [...known, own].slice(-MOST);
  current = await table.write({ pk, mails, expires }, current.current?.rev);
  return true;
}

/** The id of the mail that has this Message-ID, sender and subject; a list of a provider need not tell its date. */
export async function idByName(table: Table, message: Named): Promise<string | undefined> {
  const pk = keyOf(message);
  if (pk === undefined) return undefined;
  const brief = briefOf(message);
  return namesakes(await table.get(pk)).find((one) => one.brief === brief)?.id;
}

function keyOf({ messageId, envelope }: Named): string | undefined {
  const [recipient = ''] = envelope.to;
  return messageId === undefined ? undefined : `message-id/${hash(recipient.toLowerCase(), messageId.toLowerCase())}`;
}

function briefOf({ from, subject = '' }: Named): string {
  return hash(from?.[0]?.address.toLowerCase() ?? '', subject).slice(0, 16);
}

function namesakes(item: object | undefined): readonly Namesake[] {
  const mails: unknown = item && 'mails' in item ? item.mails : undefined;
  return Array.isArray(mails) ? (mails as Namesake[]) : [];
}

function hash(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
