import { createHash } from 'node:crypto';
import type { Item, NewItem } from '../platform/table.ts';
import type { HourCounts, Newest } from './counts.ts';

/** Returns the key of the state table's item with the counts of one hour. `hour` is the number of hours since 1970, in stack time. */
export const tallyKey = (hour: number) => `tally/${hour}`;
/**
 * Returns the key of one page of the list of recipients to which sending was given up in one hour, because `provider` refused the
 * mailbox. See {@link Ended}.
 */
export const endedKey = (provider: string, hour: number, page: number) => `ended/${provider}/${hour}/${page}`;

/**
 * Counts of one hour, results of the newest recipients of each provider, and keys of the providers that refused suspiciously many mailboxes in the
 * hour (`doubted`).
 */
export interface Tally {
  readonly counts: HourCounts;
  readonly newest: Readonly<Record<string, Newest>>;
  readonly doubted: readonly string[];
}

/** A recipient who gets no further attempt because one provider refused the mailbox. */
export interface Ended {
  /** Time at which sending to the recipient was given up, in epoch milliseconds. */
  readonly at: number;
  readonly submissionId: string;
  readonly address: string;
  readonly reason: string;
}

/** Number of days for which the recipients to which sending was given up are listed. Dead letters are kept for the same number of days. */
export const LISTED_DAYS = 14;

/**
 * Lifetime of both kinds of items, in milliseconds. It is one day longer than `LISTED_DAYS`, since a provider's refusals may look suspicious only
 * after sending to some recipients was given up.
 */
const KEEP_MS = (LISTED_DAYS + 1) * 24 * 3_600_000;

/**
 * Largest number of recipients on one page of the list. The number is limited since an item of DynamoDB may have at most 400 kilobytes, and each
 * write is billed by the size of the item.
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

/** Returns a short hash of a recipient's domain. Recipients are counted by this hash, so that the counts do not reveal the domain. */
export function domainName(address: string): string {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return createHash('sha256').update(domain).digest('base64url').slice(0, 8);
}

function isEnded(value: unknown): value is Ended {
  const { at, submissionId, address, reason } = Object(value) as Record<string, unknown>;
  return typeof at === 'number' && [submissionId, address, reason].every((one) => typeof one === 'string');
}
