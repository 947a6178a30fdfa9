import type { ProviderConfig } from '../contract/providers.ts';
import { errorName } from '../platform/error-name.ts';
import { stackTime } from '../platform/stack-time.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { definitionOf } from '../providers/registry.ts';
import { acceptedIn, placeOf } from '../tally/counts.ts';
import { readTally, tallyKey } from '../tally/items.ts';
import { type CheckContext, type GaugeCapacity, TABLE_MS } from './context.ts';

const DAY_HOURS = 24;
const DAYS = 7;
const DAY_SECONDS = 86_400;
/** Largest number of keys in one read: half of DynamoDB's limit (API_BatchGetItem, 2026-11-29). */
const PAGE = 50;

/** `others`: number of recipients a day that the other providers together can serve if the provider `without` fails. */
interface Spare {
  readonly without: string;
  readonly others: number;
}

/**
 * Creates the function that writes the metric SpareCapacity: the smallest capacity that remains if one provider fails, divided by
 * the number of recipients in the busiest 24 hours of the last week. The counts of the week are read once an hour. The last
 * capacity that a provider reported is used until the provider reports another capacity.
 */
export function capacityGauge(context: Omit<CheckContext, 'ask' | 'gaugeCapacity'>): GaugeCapacity {
  const { providers, metrics, log } = context;
  const reported = new Map<string, number>();
  let read: { readonly hour: number; readonly peak: number } | undefined;
  return async (healths) => {
    for (const [place, { key }] of providers.entries()) {
      const capacity = healths[place]?.capacityPerDay;
      if (capacity !== undefined) reported.set(key, capacity);
    }
    const spare = spareOf(providers, reported);
    if (spare === undefined) return;
    const { hour } = placeOf(stackTime(context.clock.now(), context));
    const isNew = read?.hour !== hour;
    try {
      if (read?.hour !== hour) read = { hour, peak: await peakOf(hour, context) };
    } catch (error) {
      log.error('tallies not readable', { error: errorName(error) });
      return;
    }
    if (read.peak === 0) return;
    metrics.add('SpareCapacity', spare.others / read.peak);
    if (isNew && spare.others < read.peak)
      log.warn('capacity short', { provider: spare.without, others: spare.others, peak: read.peak });
  };
}

/**
 * Returns the smallest capacity that remains if one provider fails. Returns undefined if the remaining capacity has no known
 * limit, if a provider has not reported its limit yet, or if there is only one provider.
 */
function spareOf(providers: readonly ProviderConfig[], reported: ReadonlyMap<string, number>): Spare | undefined {
  if (providers.length < 2 || providers.some((one) => isUnreported(one, reported))) return undefined;
  const spares = providers.map(({ key }): Spare => {
    const others = providers.filter((one) => one.key !== key);
    return { without: key, others: others.reduce((sum, one) => sum + capacityOf(one, reported.get(one.key)), 0) };
  });
  const least = spares.reduce((one, other) => (other.others < one.others ? other : one));
  return Number.isFinite(least.others) ? least : undefined;
}

function isUnreported({ key, type, capacityPerDay }: ProviderConfig, reported: ReadonlyMap<string, number>): boolean {
  return (
    capacityPerDay === undefined && definitionOf(type).gauges?.includes('QuotaHeadroom') === true && !reported.has(key)
  );
}

/**
 * Returns the number of recipients a day that a provider can serve for every class of mail: infinity if no limit is known; 0 for
 * a provider that serves only some classes, since it cannot replace another provider.
 */
function capacityOf({ capacityPerDay, maxPerSecond, classes }: ProviderConfig, reported: number | undefined): number {
  if (classes) return 0;
  const ofRate = maxPerSecond === undefined ? undefined : maxPerSecond * DAY_SECONDS;
  return Math.min(...[capacityPerDay, reported, ofRate].map((one) => one ?? Number.POSITIVE_INFINITY));
}

/** Returns the number of recipients that the providers accepted in the busiest 24 hours of the last week. */
async function peakOf(hour: number, { table, clock }: Pick<CheckContext, 'table' | 'clock'>): Promise<number> {
  const keys = Array.from({ length: DAYS * DAY_HOURS }, (_, back) => tallyKey(hour - back));
  const pages = Array.from({ length: Math.ceil(keys.length / PAGE) }, (_, page) =>
    table.getAll(keys.slice(page * PAGE, (page + 1) * PAGE)),
  );
  const items = await withTimeout(TABLE_MS, Promise.all(pages), clock);
  const accepted = keys.map((key) => {
    const item = items.map((page) => page.get(key)).find((one) => one !== undefined);
    return item ? acceptedIn(readTally(item).counts) : 0;
  });
  let [day, peak] = [0, 0];
  for (const [place, count] of accepted.entries()) {
    day += count - (accepted[place - DAY_HOURS] ?? 0);
    peak = Math.max(peak, day);
  }
  return peak;
}
