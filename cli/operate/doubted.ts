import type { Table } from '../../lambda/platform/table.ts';
import { HOUR_MS, hourly, JUDGED_RECIPIENTS } from '../../lambda/tally/counts.ts';
import { type Ended, endedKey, LISTED_DAYS, readEnded, readTally, tallyKey } from '../../lambda/tally/items.ts';

/** Hours of stack time that are searched: ended recipients are kept for as long. */
const HOURS = LISTED_DAYS * 24;
/** Items read with one call, whose answer holds 16 megabytes; one page is far smaller than a hundredth of that. */
const AT_ONCE = 100;
/** Largest number of hours before a doubt that may contain the recipients which raised it. */
const HOURS_BEFORE = 24;

/** A recipient ended by an answer of a provider that was in doubt then or soon after. */
export interface Doubted extends Ended {
  readonly provider: string;
}

/**
 * Lists recipients ended by answers that are in doubt, oldest first.
 *
 * @param now stack time, in which hours are counted
 */
export async function listDoubted(table: Table, now: number): Promise<readonly Doubted[]> {
  const last = Math.floor(now / HOUR_MS);
  const hours = Array.from({ length: HOURS }, (_, back) => last - back);
  const tallies = await readAll(table, hours.map(tallyKey));
  const tallyOf = (hour: number) => readTally(tallies.get(tallyKey(hour)));
  /** The hour of a doubt, and those before it with the recipients that raised it. */
  const span = (provider: string, doubted: number): readonly number[] => {
    const found = [doubted];
    for (let back = 1, seen = 0; back <= HOURS_BEFORE && seen < JUDGED_RECIPIENTS; back += 1) {
      found.push(doubted - back);
      seen += hourly(tallyOf(doubted - back).counts, provider).all;
    }
    return found;
  };
  const doubts = hours.flatMap((hour) =>
    tallyOf(hour).doubted.map((provider) => ({ provider, hours: span(provider, hour) })),
  );
  const wanted = new Map<string, Doubt>(
    doubts.flatMap(({ provider, hours: those }) => those.map((hour) => [`${provider}/${hour}`, { provider, hour }])),
  );
  const found = new Map<string, Doubted>();
  for (const one of await readEndedOf(table, [...wanted.values()])) {
    // Listed twice if its worker crashed before it could record the answer, and asked the provider again.
    const key = JSON.stringify([one.provider, one.submissionId, one.address]);
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.values()].toSorted((a, b) => a.at - b.at);
}

interface Doubt {
  readonly provider: string;
  readonly hour: number;
}

/** The recipients of those hours, page by page until a page is missing. */
async function readEndedOf(table: Table, wanted: readonly Doubt[]): Promise<readonly Doubted[]> {
  const found: Doubted[] = [];
  let left = wanted;
  for (let page = 0; left.length > 0; page += 1) {
    const keyOf = ({ provider, hour }: Doubt) => endedKey(provider, hour, page);
    const items = await readAll(table, left.map(keyOf));
    left = left.filter((one) => items.has(keyOf(one)));
    for (const one of left)
      for (const ended of readEnded(items.get(keyOf(one)))) found.push({ ...ended, provider: one.provider });
  }
  return found;
}

async function readAll(table: Table, keys: readonly string[]) {
  const found = new Map<string, NonNullable<Awaited<ReturnType<Table['get']>>>>();
  for (let from = 0; from < keys.length; from += AT_ONCE)
    for (const [key, item] of await table.getAll(keys.slice(from, from + AT_ONCE))) found.set(key, item);
  return found;
}
