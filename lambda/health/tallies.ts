import { errorName } from '../platform/error-name.ts';
import { stackTime } from '../platform/stack-time.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { HOURS_COMPARED, type HourCounts, haveProducersStopped, placeOf, suppressionRise } from '../tally/counts.ts';
import { readTally, tallyKey } from '../tally/items.ts';
import { type CheckContext, TABLE_MS } from './context.ts';

/**
 * Number of hours whose counts are read for the metric SuppressionRise: the current and the previous hour, which contain the last
 * sixty minutes, and the day before, with which they are compared.
 */
const HOURS_OF_SUPPRESSION = 26;

/**
 * Writes the metrics that are computed from the hourly counts of sent mail: whether producers stopped submitting, and how
 * much more often than usual each provider refuses recipients. Never throws.
 */
export async function gaugeTallies(context: CheckContext): Promise<void> {
  const { providers, table, metrics, log, clock } = context;
  const { hour, quarter, slot } = placeOf(stackTime(clock.now(), context));
  const lately = Array.from({ length: HOURS_OF_SUPPRESSION }, (_, back) => back);
  const keys = [...new Set([...lately, ...HOURS_COMPARED])].map((back) => tallyKey(hour - back));
  try {
    const items = await withTimeout(TABLE_MS, table.getAll(keys), clock);
    const hourOf = (back: number): HourCounts | undefined => {
      const item = items.get(tallyKey(hour - back));
      return item && readTally(item).counts;
    };
    metrics.add('ProducersSilent', haveProducersStopped(hourOf, quarter) ? 1 : 0);
    const hours = lately.map((back) => hourOf(back) ?? {});
    for (const { key: provider } of providers)
      metrics.add('SuppressionRise', suppressionRise(hours, provider, slot), { provider });
  } catch (error) {
    log.error('tallies not readable', { error: errorName(error) });
  }
}
