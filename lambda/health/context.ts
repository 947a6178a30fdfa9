import type { ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Table } from '../platform/table.ts';
import type { AskHealth } from './ask.ts';

/** Dependencies of the health check of all providers. */
export interface CheckContext {
  readonly providers: readonly ProviderConfig[];
  readonly ask: AskHealth;
  readonly table: Table;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** How many times faster stack time runs than the clock. */
  readonly timeScale: number;
  /** When `timeScale` took effect, in epoch milliseconds; absent if it always applied. */
  readonly timeScaleSince?: number | undefined;
  /** Stack time at that moment. */
  readonly stackTimeSince?: number | undefined;
}

/** Longest wait for one call of the state table, in milliseconds; its own time-outs are shorter. */
export const TABLE_MS = 5_000;
