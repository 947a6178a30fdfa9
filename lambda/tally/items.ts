import { createHash } from 'node:crypto';
import type { Item, NewItem } from '../platform/table.ts';
import type { HourCounts } from './counts.ts';

/** Keys of the items in the state table; hours are counted in stack time since 1970. */
export const tallyKey = (hour: number) => `tally/${hour}`;
export const endedKey = (provider: string, hour: number) => `ended/${provider}/${hour}`;

/** Counts of one hour, and providers whose refusals were doubted at some time in it. */
export interface Tally {
  readonly counts: HourCounts;
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

/** Counts are read for eight days, and ended recipients for as long as a dead letter is kept. */
const KEEP_MS = { tally: 9 * 24 * 3_600_000, ended: 14 * 24 * 3_600_000 } as const;

/** Most recipients listed for one hour: an item has room for 400 kilobytes. */
export const MOST_ENDED = 1_000;

export function readTally(item: Item | undefined): Tally {
  const counts = item?.['counts'];
  const doubted = item?.['doubted'];
  const numbers = Object.entries(Object(counts)).filter(([, count]) => typeof count === 'number');
  return {
    counts: Object.fromEntries(numbers) as HourCounts,
    doubted: Array.isArray(doubted) ? doubted.filter((one) => typeof one === 'string') : [],
  };
}

export function tallyItem(hour: number, item: Item | undefined, tally: Tally, now: number): NewItem {
  return { ...item, pk: tallyKey(hour), ...tally, expires: Math.ceil((now + KEEP_MS.tally) / 1_000) };
}

export function readEnded(item: Item | undefined): readonly Ended[] {
  const list: unknown = item?.['ended'];
  return Array.isArray(list) ? list.filter(isEnded) : [];
}

export function endedItem(
  provider: string,
  hour: number,
  item: Item | undefined,
  ended: readonly Ended[],
  now: number,
): NewItem {
  return { ...item, pk: endedKey(provider, hour), ended, expires: Math.ceil((now + KEEP_MS.ended) / 1_000) };
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
