import { HORIZON_MS } from '../../lambda/circuit/rate.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';

const LEAST = 5;
const MOST = 100;
const BATCH = 10;
/** Factor for batches that are not full and batches that wait for their slowest mail. */
const SLACK = 1.5;

/**
 * Default of the concurrent invocations for one retry queue: enough that the backlog of a single queue
 * uses the whole rate of all providers, though each mail may wait for its slot.
 */
export function retryConcurrencyOf(providers: readonly ProviderConfig[]): number {
  const perSecond = providers.reduce((sum, { maxPerSecond = 0 }) => sum + maxPerSecond, 0);
  const atOnce = (perSecond * HORIZON_MS * SLACK) / 1_000;
  return Math.min(MOST, Math.max(LEAST, Math.ceil(atOnce / BATCH)));
}
