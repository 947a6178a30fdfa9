import type { ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Table } from '../platform/table.ts';
import type { Health } from '../providers/provider.ts';
import type { AskHealth } from './ask.ts';

/** Writes the metric SpareCapacity; `healths` has an entry for each provider, in the order of the providers. Never throws. */
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
  /** Number of seconds of stack time in one second of the real clock. It differs from 1 only on a local stack. */
  readonly timeScale: number;
  /** When `timeScale` took effect, in epoch milliseconds; absent if it always applied. */
  readonly timeScaleSince?: number | undefined;
  /** Stack time at the moment `timeScaleSince`, in epoch milliseconds. */
  readonly stackTimeSince?: number | undefined;
}

/** Longest wait for one call of the state table, in milliseconds; the time-outs of the table's client are shorter. */
export const TABLE_MS = 5_000;
