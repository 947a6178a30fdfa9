import { defined } from '../../../lambda/platform/defined.ts';
import {
  type DataPoints,
  type Datum,
  type Metric,
  metricId,
  type SeriesSource,
  type StatisticQuery,
} from './metric.ts';
import { Statistics } from './statistics.ts';

/**
 * Length of the intervals in which measurements are stored: one minute, the shortest period of CloudWatch metrics without high
 * resolution.
 */
export const MINUTE_MS = 60_000;
/**
 * Default retention in minutes: two days. In CloudWatch an alarm with periods of less than an hour may evaluate at most one day,
 * and CloudWatch reads a few additional periods.
 */
const DEFAULT_MINUTES = 2 * 24 * 60;
/**
 * Largest number of metrics. Further metrics are dropped. A larger number would show that some dimension has an unlimited number
 * of values.
 */
const MOST_METRICS = 5_000;

interface Kept {
  readonly metric: Metric;
  readonly unit?: string;
  /** Statistics of each minute; the key is the number of the minute since the epoch. */
  readonly minutes: Map<number, Statistics>;
  newest: number;
}

/**
 * Measurements by metric and minute, stored for a limited time. All times are by the clock of the local stack, which may run
 * faster than real time.
 */
export class MetricStore implements SeriesSource {
  readonly #kept = new Map<string, Kept>();
  readonly #minutes: number;

  constructor(options: { readonly keepMinutes?: number } = {}) {
    this.#minutes = options.keepMinutes ?? DEFAULT_MINUTES;
  }

  /** Adds values to the statistics of the minute in which they were measured. */
  add({ metric, at, values, counts, unit }: Datum): void {
    const kept = this.#keptOf(metric, unit);
    if (kept === undefined) return;
    const minute = Math.floor(at / MINUTE_MS);
    const statistics = kept.minutes.get(minute) ?? new Statistics();
    kept.minutes.set(minute, statistics);
    for (const [place, value] of values.entries()) statistics.add(value, counts?.[place] ?? 1);
    if (minute > kept.newest) {
      kept.newest = minute;
      this.#forget(kept);
    }
  }

  read({ metric, statistic, periodSeconds }: StatisticQuery, endings: readonly number[]): DataPoints {
    const minutes = this.#kept.get(metricId(metric))?.minutes;
    const length = Math.max(1, Math.round((periodSeconds * 1000) / MINUTE_MS));
    return endings.map((ending) => {
      if (minutes === undefined) return undefined;
      const last = Math.floor(ending / MINUTE_MS);
      if (length === 1) return minutes.get(last - 1)?.read(statistic);
      return merged(minutes, last - length, last).read(statistic);
    });
  }

  clear(): void {
    this.#kept.clear();
  }

  /** Returns every metric with the statistics of its minutes, the oldest minute first. */
  list(): { metric: Metric; unit?: string; points: { at: number; statistics: Statistics }[] }[] {
    return [...this.#kept.values()].map(({ metric, unit, minutes }) => ({
      metric,
      ...defined({ unit }),
      points: [...minutes]
        .sort(([a], [b]) => a - b)
        .map(([minute, statistics]) => ({ at: minute * MINUTE_MS, statistics })),
    }));
  }

  #keptOf(metric: Metric, unit: string | undefined): Kept | undefined {
    const id = metricId(metric);
    const known = this.#kept.get(id);
    if (known !== undefined) return known;
    if (this.#kept.size >= MOST_METRICS) return undefined;
    const kept: Kept = { metric, ...defined({ unit }), minutes: new Map(), newest: 0 };
    this.#kept.set(id, kept);
    return kept;
  }

  #forget({ minutes, newest }: Kept): void {
    // Minutes are added nearly in the order of time, so the oldest minutes are the first entries of the map.
    for (const minute of minutes.keys()) {
      if (minute > newest - this.#minutes) return;
      minutes.delete(minute);
    }
  }
}

function merged(minutes: ReadonlyMap<number, Statistics>, from: number, to: number): Statistics {
  const all = new Statistics();
  for (let minute = from; minute < to; minute++) {
    const one = minutes.get(minute);
    if (one !== undefined) all.merge(one);
  }
  return all;
}
