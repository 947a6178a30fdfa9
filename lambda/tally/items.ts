import { createHash } from 'node:crypto';
import type { Item, NewItem } from '../platform/table.ts';
import type { HourCounts, Newest } from './counts.ts';

/** Keys of the items in the state table; hours are counted in stack time since 1970. */
export const tallyKey = (hour: number) => `tally/${hour}`;
/** Key of one page of the recipients that ended in an hour. */
export const endedKey = (provider: string, hour: number, page: number) => `ended/${provider}/${hour}/${page}`;

/** Counts of one hour, its newest recipients by provider, and providers whose refusals were doubted at some time in it. */
export interface Tally {
  readonly counts: HourCounts;
  readonly newest: Readonly<Record<string, Newest>>;
  readonly doubted: readonly string[];
}

/** A recipient that ended because one provider refused its mailbox. */
export interface Ended {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly submissionId: string;
  readonly address: string;
  readonly reason: string;
}

/** Days for which recipients are listed: as long as a dead letter is kept. */
export const LISTED_DAYS = 14;

/** Both kinds of items are needed to list recipients; a day more, since the doubt may be later than their end. */
const KEEP_MS = (LISTED_DAYS + 1) * 24 * 3_600_000;

/**
 * Largest number of recipients on one page: an item has room for 400 kilobytes, and each write is billed by its size.
 */
export const PAGE = 100;

export function readTally(item: Item | undefined): Tally {
  const doubted = item?.['doubted'];
  const only = <T>(field: string, type: 'number' | 'string') =>
    Object.fromEntries(Object.entries(Object(item?.[field])).filter(([, value]) => typeof value === type)) as Readonly<
      Record<string, T>
    >;
  return {
    counts: only<number>('counts', 'number'),
    newest: only<Newest>('newest', 'string'),
    doubted: Array.isArray(doubted) ? doubted.filter((one) => typeof one === 'string') : [],
  };
}

export function tallyItem(hour: number, item: Item | undefined, tally: Tally, now: number): NewItem {
  return { ...item, pk: tallyKey(hour), ...tally, expires: Math.ceil((now + KEEP_MS) / 1_000) };
}

export function readEnded(item: Item | undefined): readonly Ended[] {
  const list: unknown = item?.['ended'];
  return Array.isArray(list) ? list.filter(isEnded) : [];
}

export function endedItem(pk: string, item: Item | undefined, ended: readonly Ended[], now: number): NewItem {
  return { ...item, pk, ended, expires: Math.ceil((now + KEEP_MS) / 1_000) };
}

/** Short hash of a recipient domain, for counting; the domain cannot be read from it. */
export function domainName(address: string): string {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return createHash('sha256').update(domain).digest('base64url').slice(0, 8);
}

function isEnded(value: unknown): value is Ended {
  const { at, submissionId, address, reason } = Object(value) as Record<string, unknown>;
  return typeof at === 'number' && [submissionId, address, reason].every((one) => typeof one === 'string');
}
