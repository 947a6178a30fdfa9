import { HORIZON_MS } from '../../lambda/circuit/rate.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';

const LEAST = 5;
const MOST = 100;
const BATCH = 10;
/** A batch takes as long as its slowest mail, and not every one is full. */
const SLACK = 1.5;

/**
 * Invocations for one retry queue at a time, if nobody says otherwise: so many that a backlog which waits on a single queue
 * uses the whole rate of all providers, though each mail may wait for its slot.
 */
export function retryConcurrencyOf(providers: readonly ProviderConfig[]): number {
  const perSecond = providers.reduce((sum, { maxPerSecond = 0 }) => sum + maxPerSecond, 0);
  const atOnce = (perSecond * HORIZON_MS * SLACK) / 1_000;
  return Math.min(MOST, Math.max(LEAST, Math.ceil(atOnce / BATCH)));
}
