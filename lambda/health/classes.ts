import type { HealthEnvironment } from '../contract/health-environment.ts';
import type { RateLimits } from '../contract/routes.ts';
import { errorName } from '../platform/error-name.ts';
import type { ListTable } from '../platform/list-table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { hourOf, readHour } from '../reputation/hours.ts';
import { CHECKED_HOURS, countsWithout, excessOf, type HourOfClasses, RATE_LIMITS } from '../reputation/limits.ts';
import { type ClassPause, type PausedClasses, pauseClasses, readPaused } from '../reputation/paused-classes.ts';
import type { SuppressionDoubt } from '../suppression/doubt.ts';
import { type CheckContext, TABLE_MS } from './context.ts';

/** Dependencies of the check of the bounces and complaints of each class of mail. */
export interface ClassesContext extends Omit<CheckContext, 'providers' | 'ask' | 'gaugeCapacity'> {
  /** The lists table, from which the counts are read; undefined if no class of mail can be paused. */
  readonly lists: Pick<ListTable, 'list'> | undefined;
  readonly pauseAbove: HealthEnvironment['pauseAbove'];
  /** Tells whether a provider's reports are doubtful. The bounces and complaints that such a provider reports pause no class. */
  readonly doubt: Pick<SuppressionDoubt, 'isDoubted'>;
}

/** Number of hours whose counts may still change: the present hour, and the previous hour, whose counts a process may still write. */
const OPEN_HOURS = 2;
/** Number of hours that are read at a time. */
const AT_A_TIME = 20;

/**
 * Creates the function that checks the rates of bounces and complaints of each class of mail. The function pauses the classes
 * whose rates are above their limits, and writes the number of paused classes as a metric. A process reads the counts of a past
 * hour only once. The function never throws.
 */
export function classChecker({ lists, pauseAbove = {}, doubt, ...context }: ClassesContext): () => Promise<void> {
  const { table, metrics, log, clock } = context;
  const past = new Map<number, HourOfClasses>();

  const limitsOf = (name: string): RateLimits | undefined => {
    const own = Object.hasOwn(pauseAbove, name) ? pauseAbove[name] : {};
    return own === false ? undefined : { ...RATE_LIMITS, ...own };
  };

  /** Returns the counts of the hours whose counts are checked, the newest hour first. */
  async function readHours(from: Pick<ListTable, 'list'>, current: number): Promise<readonly HourOfClasses[]> {
    for (const hour of past.keys()) if (hour <= current - CHECKED_HOURS) past.delete(hour);
    const hours = Array.from({ length: CHECKED_HOURS }, (_, back) => current - back);
    const open = new Map<number, HourOfClasses>();
    const missing = hours.filter((hour) => !past.has(hour));
    for (let place = 0; place < missing.length; place += AT_A_TIME)
      await Promise.all(
        missing.slice(place, place + AT_A_TIME).map(async (hour) => {
          const found = await withTimeout(TABLE_MS, readHour(from, hour), clock);
          (hour > current - OPEN_HOURS ? open : past).set(hour, found);
        }),
      );
    return hours.map((hour) => open.get(hour) ?? past.get(hour) ?? new Map());
  }

  /** Returns the providers whose reports are doubtful, among all providers that reported bounces or complaints. */
  async function doubtedIn(hours: readonly HourOfClasses[]): Promise<ReadonlySet<string>> {
    const keys = new Set(hours.flatMap((hour) => [...hour.values()].flatMap((counts) => [...counts.keys()])));
    keys.delete('');
    const doubtful = await Promise.all([...keys].map(async (key) => ((await doubt.isDoubted(key)) ? [key] : [])));
    return new Set(doubtful.flat());
  }

  function classesToPause(
    hours: readonly HourOfClasses[],
    doubted: ReadonlySet<string>,
    current: number,
    { paused, resumed }: PausedClasses,
  ) {
    const found = new Map<string, ClassPause>();
    const names = new Set(hours.flatMap((hour) => [...hour.keys()]));
    for (const name of names) {
      const limits = limitsOf(name);
      if (limits === undefined || Object.hasOwn(paused, name)) continue;
      const since = Object.hasOwn(resumed, name) ? (resumed[name]?.hour ?? 0) : 0;
      const counts = hours.flatMap((hour, back) =>
        current - back >= since ? [countsWithout(doubted, hour.get(name) ?? new Map())] : [],
      );
      const excess = excessOf(counts, limits);
      if (excess) found.set(name, { ...excess, since: clock.now() });
    }
    return found;
  }

  return async () => {
    if (lists === undefined) return;
    try {
      const current = hourOf(clock.now(), context);
      const hours = await readHours(lists, current);
      const before = await withTimeout(TABLE_MS, readPaused(table), clock);
      const none = new Set<string>();
      // Providers with doubtful reports are looked up only if a class would exceed its limits with the reports of all providers.
      const isExcess = classesToPause(hours, none, current, before).size > 0;
      const doubted = isExcess ? await withTimeout(TABLE_MS, doubtedIn(hours), clock) : none;
      const { paused } = await withTimeout(
        TABLE_MS,
        pauseClasses(table, (known) => {
          const found = classesToPause(hours, doubted, current, known);
          for (const [name, { of, rate, mails }] of found) log.warn('class paused', { class: name, of, rate, mails });
          return found;
        }),
        clock,
      );
      metrics.add('PausedClasses', Object.keys(paused).length);
    } catch (error) {
      log.error('class rates not checked', { error: errorName(error) });
    }
  };
}
