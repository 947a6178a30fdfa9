import { HORIZON_MS } from '../../lambda/circuit/rate.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';

const LEAST = 5;
const MOST = 100;
const BATCH = 10;
/**
 * Factor for the number of mails that are processed at the same time. It is above 1, since some batches are not full, and each
 * batch waits for its slowest mail.
 */
const SLACK = 1.5;

/**
 * Returns the default number of concurrent invocations for one retry queue, from 5 to 100. If all waiting mail is on one queue,
 * this number is enough to use the whole `maxPerSecond` of all providers, although an invocation may wait for the rate limit.
 */
export function retryConcurrencyOf(providers: readonly ProviderConfig[]): number {
  const perSecond = providers.reduce((sum, { maxPerSecond = 0 }) => sum + maxPerSecond, 0);
  const atOnce = (perSecond * HORIZON_MS * SLACK) / 1_000;
  return Math.min(MOST, Math.max(LEAST, Math.ceil(atOnce / BATCH)));
}
