import type { Clock } from '../platform/clock.ts';
import type { ListTable } from '../platform/list-table.ts';
import { type Speed, stackTime } from '../platform/stack-time.ts';
import type { Table } from '../platform/table.ts';
import { hourly, placeOf } from '../tally/counts.ts';
import { readTally, tallyKey } from '../tally/items.ts';

/** Number of addresses that a provider reported for suppression in one day, and number of recipients that the provider accepted in this day. */
interface Share {
  readonly suppressed: number;
  readonly accepted: number;
}

/**
 * Number of suppressions in the last day below which a provider's suppressions are not doubted: a single mailing to old addresses
 * may cause nearly this number.
 */
const LEAST_SUPPRESSED = 20;
/** Number of new entries on a provider's own suppression list below which the import of these entries is not doubted. */
const LEAST_IMPORTED = 50;
/** A provider's suppressions are doubted when its rate of suppressions is more than this factor times the rate of the other providers. */
const FACTOR = 5;
/** Smallest rate of suppressions that is used for the other providers, even if their real rate is lower. */
const LEAST_USUAL = 0.02;
/** Rate of suppressions that is assumed for the other providers while they have accepted fewer than `LEAST_OF_OTHERS` recipients. */
const USUAL_ALONE = 0.05;
const LEAST_OF_OTHERS = 200;

/**
 * Whether a provider's rate of suppressions is more than `FACTOR` times the rate of the other providers; false for fewer than
 * `LEAST_SUPPRESSED` suppressions.
 */
export function isFarBeyond(ofProvider: Share, others: readonly Share[]): boolean {
  const { suppressed, accepted } = ofProvider;
  if (suppressed < LEAST_SUPPRESSED) return false;
  const [all, listed] = others.reduce(([a, s], one) => [a + one.accepted, s + one.suppressed], [0, 0]);
  const usual = all < LEAST_OF_OTHERS ? USUAL_ALONE : Math.max(LEAST_USUAL, listed / all);
  return suppressed / Math.max(accepted, suppressed) > FACTOR * usual;
}

/**
 * Decides whether the suppressions that a provider reports are doubtful: the provider's rate of suppressions in the last day is
 * compared with the rate of the other providers.
 */
export interface SuppressionDoubt {
  /**
   * Counts one suppressed address; an address counts at most once a day (UTC). Returns whether the provider's suppressions are
   * doubtful after this count.
   */
  count(provider: string, hash: string): Promise<boolean>;
  isDoubted(provider: string): Promise<boolean>;
  /**
   * Whether the provider's suppressions would be doubtful if `entries` new entries of its own suppression list were added to the
   * suppressions of the last day. Always false for fewer than `LEAST_IMPORTED` entries.
   */
  doubtsImport(provider: string, entries: number): Promise<boolean>;
}

const HOURS = 24;
const DAY_MS = HOURS * 3_600_000;
const KEEP_DAYS = 3;
/**
 * Time in milliseconds for which a result is reused. The result "not doubtful" is computed again earlier, after `CACHED_COUNTS`
 * further suppressions, since a provider may report many suppressions at the same time.
 */
const CACHED_MS = 10_000;
const CACHED_COUNTS = 5;

interface DoubtContext extends Speed {
  /**
   * The providers that report delivery events. Two providers of the same type are not compared, since the reports of both
   * may be wrong for the same reason.
   */
  readonly providers: readonly { readonly key: string; readonly type: string }[];
  readonly lists: Pick<ListTable, 'add' | 'list'>;
  readonly table: Pick<Table, 'getAll'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Creates a {@link SuppressionDoubt} for one process. All processes share the counts, which are in the lists table and the state
 * table.
 */
export function suppressionDoubt({ providers, lists, table, clock, ...speed }: DoubtContext): SuppressionDoubt {
  const cached = new Map<string, { readonly doubted: boolean; readonly until: number; counts: number }>();
  const dayList = (provider: string, time: number) =>
    `suppressing/${provider}/${new Date(time).toISOString().slice(0, 10)}`;

  async function suppressedBy(provider: string): Promise<number> {
    const now = clock.now();
    const items = await Promise.all([now, now - DAY_MS].map((time) => lists.list(dayList(provider, time))));
    return items.flat().filter(({ at }) => Number(at) > now - DAY_MS).length;
  }

  async function isDoubtful(provider: string, imported = 0): Promise<boolean> {
    const { type } = providers.find(({ key }) => key === provider) ?? {};
    const others = providers.filter((one) => one.key !== provider && one.type !== type).map(({ key }) => key);
    const suppressed = imported + (await suppressedBy(provider));
    if (suppressed < LEAST_SUPPRESSED) return false;
    const { hour } = placeOf(stackTime(clock.now(), speed));
    const items = await table.getAll(Array.from({ length: HOURS }, (_, back) => tallyKey(hour - back)));
    const hours = [...items.values()].map((item) => readTally(item).counts);
    const accepted = (key: string) =>
      hours.map((counts) => hourly(counts, key)).reduce((sum, { all, refused }) => sum + all - refused, 0);
    const shares = others.map(async (key) => ({ suppressed: await suppressedBy(key), accepted: accepted(key) }));
    return isFarBeyond({ suppressed, accepted: accepted(provider) }, await Promise.all(shares));
  }

  const doubt: SuppressionDoubt = {
    async count(provider, sk) {
      const at = clock.now();
      const expires = Math.floor(at / 1000) + (KEEP_DAYS * DAY_MS) / 1000;
      await lists.add({ pk: dayList(provider, at), sk, at, expires });
      const known = cached.get(provider);
      if (known && !known.doubted && ++known.counts >= CACHED_COUNTS) cached.delete(provider);
      return await doubt.isDoubted(provider);
    },
    async isDoubted(provider) {
      const known = cached.get(provider);
      if (known && known.until > clock.now()) return known.doubted;
      const doubted = await isDoubtful(provider);
      cached.set(provider, { doubted, until: clock.now() + CACHED_MS, counts: 0 });
      return doubted;
    },
    doubtsImport: async (provider, entries) => entries >= LEAST_IMPORTED && (await isDoubtful(provider, entries)),
  };
  return doubt;
}
