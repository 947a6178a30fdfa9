import type { Table } from '../../lambda/platform/table.ts';
import { HOUR_MS } from '../../lambda/tally/counts.ts';
import { type Ended, endedKey, readEnded, readTally, tallyKey } from '../../lambda/tally/items.ts';

/** Hours of stack time that are searched: ended recipients are kept for as long. */
const HOURS = 14 * 24;
const AT_ONCE = 100;

/** A recipient ended by an answer of a provider that was in doubt in the same hour or the next. */
export interface Doubted extends Ended {
  readonly provider: string;
}

/** Lists recipients ended by answers that are in doubt, oldest first. Hours are counted in stack time. */
export async function listDoubted(table: Table, now: number, timeScale = 1): Promise<readonly Doubted[]> {
  const last = Math.floor((now * timeScale) / HOUR_MS);
  const hours = Array.from({ length: HOURS }, (_, back) => last - back);
  const tallies = await readAll(table, hours.map(tallyKey));
  const wanted = new Map<string, { provider: string; hour: number }>();
  for (const hour of hours)
    for (const provider of readTally(tallies.get(tallyKey(hour))).doubted)
      for (const one of [hour - 1, hour]) wanted.set(endedKey(provider, one), { provider, hour: one });
  const items = await readAll(table, [...wanted.keys()]);
  return [...wanted]
    .flatMap(([key, { provider }]) => readEnded(items.get(key)).map((one) => ({ ...one, provider })))
    .toSorted((a, b) => a.at - b.at);
}

async function readAll(table: Table, keys: readonly string[]) {
  const found = new Map<string, NonNullable<Awaited<ReturnType<Table['get']>>>>();
  for (let from = 0; from < keys.length; from += AT_ONCE)
    for (const [key, item] of await table.getAll(keys.slice(from, from + AT_ONCE))) found.set(key, item);
  return found;
}
