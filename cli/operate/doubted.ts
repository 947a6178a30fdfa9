import type { Table } from '../../lambda/platform/table.ts';
import { COMPARED_RECIPIENTS, HOUR_MS, hourly } from '../../lambda/tally/counts.ts';
import { type Ended, endedKey, LISTED_DAYS, readEnded, readTally, tallyKey } from '../../lambda/tally/items.ts';

/**
 * Number of hours that are searched, in stack time (which on a local stack may run faster than real time). Records of recipients to
 * which no mail is sent any more are stored for this time.
 */
const HOURS = LISTED_DAYS * 24;
/**
 * Number of items that are read with one call. DynamoDB returns at most 16 MB in one answer, and each item is far smaller than a
 * hundredth of this size.
 */
const AT_ONCE = 100;
/**
 * The refusals that raised a doubt about a provider happened in the hour of the doubt, or at most this number of hours before.
 */
const HOURS_BEFORE = 24;

/**
 * A recipient to which no mail is sent any more because a provider refused it, although the refusals of this provider were in
 * doubt at that time or soon after.
 */
export interface Doubted extends Ended {
  readonly provider: string;
}

/**
 * Lists the recipients to which no mail is sent any more because of refusals that are in doubt. The recipient that was refused first
 * comes first.
 *
 * @param now the current stack time, in epoch milliseconds
 */
export async function listDoubted(table: Table, now: number): Promise<readonly Doubted[]> {
  const last = Math.floor(now / HOUR_MS);
  const hours = Array.from({ length: HOURS }, (_, back) => last - back);
  const tallies = await readAll(table, hours.map(tallyKey));
  const tallyOf = (hour: number) => readTally(tallies.get(tallyKey(hour)));
  /**
   * Returns the hour in which the refusals of a provider were in doubt, and the hours before it that contain the recipients whose
   * results caused the doubt.
   */
  const span = (provider: string, doubted: number): readonly number[] => {
    const found = [doubted];
    for (let back = 1, seen = 0; back <= HOURS_BEFORE && seen < COMPARED_RECIPIENTS; back += 1) {
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
    // A recipient can be stored twice: if the sender process crashed before it recorded the answer, the mail was sent to the
    // provider again.
    const key = JSON.stringify([one.provider, one.submissionId, one.address]);
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.values()].toSorted((a, b) => a.at - b.at);
}

interface Doubt {
  readonly provider: string;
  readonly hour: number;
}

/** Reads the stored recipients of the wanted hours, page by page until a page is missing. */
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
