import type { ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Table } from '../platform/table.ts';
import type { Health } from '../providers/provider.ts';
import type { AskHealth } from './ask.ts';

/** Writes the gauge of the capacity; `healths` are in the order of the providers. Never throws. */
export type GaugeCapacity = (healths: readonly (Health | undefined)[]) => Promise<void>;

/** Dependencies of the health check of all providers. */
export interface CheckContext {
  readonly providers: readonly ProviderConfig[];
  readonly ask: AskHealth;
  readonly gaugeCapacity: GaugeCapacity;
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
