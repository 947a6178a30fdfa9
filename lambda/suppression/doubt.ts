import type { Clock } from '../platform/clock.ts';
import type { ListTable } from '../platform/list-table.ts';
import { type Speed, stackTime } from '../platform/stack-time.ts';
import type { Table } from '../platform/table.ts';
import { hourly, placeOf } from '../tally/counts.ts';
import { readTally, tallyKey } from '../tally/items.ts';

/** Suppressions by a provider, and recipients that it accepted, in one day. */
interface Share {
  readonly suppressed: number;
  readonly accepted: number;
}

/** Suppressions of a day below which no provider is doubted: single lists of old addresses. */
const LEAST_SUPPRESSED = 20;
/** New entries of a provider's own list below which an import is not doubted. */
const LEAST_IMPORTED = 50;
/** A provider is doubted when its rate is more than this many times that of the others. */
const FACTOR = 5;
/** Least rate assumed for the others. */
const LEAST_USUAL = 0.02;
/** The same while the others have had too little mail to know. */
const USUAL_ALONE = 0.05;
const LEAST_OF_OTHERS = 200;

/** Whether a provider suppresses far more of its mail than the others do. */
export function isFarBeyond(ofProvider: Share, others: readonly Share[]): boolean {
  const { suppressed, accepted } = ofProvider;
  if (suppressed < LEAST_SUPPRESSED) return false;
  const [all, listed] = others.reduce(([a, s], one) => [a + one.accepted, s + one.suppressed], [0, 0]);
  const usual = all < LEAST_OF_OTHERS ? USUAL_ALONE : Math.max(LEAST_USUAL, listed / all);
  return suppressed / Math.max(accepted, suppressed) > FACTOR * usual;
}

/** Whether the suppressions of a provider are in doubt, by those of the last day. */
export interface SuppressionDoubt {
  /** Counts one suppression, each address once, and judges the provider with it. */
  count(provider: string, hash: string): Promise<boolean>;
  isDoubted(provider: string): Promise<boolean>;
  /** Whether a number of new entries of a provider's own list is far more than its mail of the last day explains. */
  doubtsImport(provider: string, entries: number): Promise<boolean>;
}

const HOURS = 24;
const DAY_MS = HOURS * 3_600_000;
const KEEP_DAYS = 3;
/** A judgement is used again for this time, and for this number of suppressions: a provider may report many at once. */
const JUDGED_MS = 10_000;
const JUDGED_COUNTS = 5;

interface DoubtContext extends Speed {
  /** The providers with delivery events: two of one type may be wrong for the same reason, so they are not compared. */
  readonly providers: readonly { readonly key: string; readonly type: string }[];
  readonly lists: Pick<ListTable, 'add' | 'list'>;
  readonly table: Pick<Table, 'getAll'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** The doubt of one process; what it counts is shared by all. */
export function suppressionDoubt({ providers, lists, table, clock, ...speed }: DoubtContext): SuppressionDoubt {
  const judged = new Map<string, { readonly doubted: boolean; readonly until: number; counts: number }>();
  const dayList = (provider: string, time: number) =>
    `suppressing/${provider}/${new Date(time).toISOString().slice(0, 10)}`;

  async function suppressedBy(provider: string): Promise<number> {
    const now = clock.now();
    const items = await Promise.all([now, now - DAY_MS].map((time) => lists.list(dayList(provider, time))));
    return items.flat().filter(({ at }) => Number(at) > now - DAY_MS).length;
  }

  async function judge(provider: string, imported = 0): Promise<boolean> {
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
      const known = judged.get(provider);
      if (known && !known.doubted && ++known.counts >= JUDGED_COUNTS) judged.delete(provider);
      return await doubt.isDoubted(provider);
    },
    async isDoubted(provider) {
      const known = judged.get(provider);
      if (known && known.until > clock.now()) return known.doubted;
      const doubted = await judge(provider);
      judged.set(provider, { doubted, until: clock.now() + JUDGED_MS, counts: 0 });
      return doubted;
    },
    doubtsImport: async (provider, entries) => entries >= LEAST_IMPORTED && (await judge(provider, entries)),
  };
  return doubt;
}
