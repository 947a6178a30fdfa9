/** Names one metric, as CloudWatch does: another dimension, or one less, is another metric. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Values of one metric that were measured at one moment. */
export interface Datum {
  readonly metric: Metric;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly values: readonly number[];
  /**
   * How often each value was measured.
   * @default - once each
   */
  readonly counts?: readonly number[];
  readonly unit?: string;
}

/** One metric read with one statistic over periods of one length. */
export interface StatisticQuery {
  readonly metric: Metric;
  /** `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile such as `p99`. */
  readonly statistic: string;
  readonly periodSeconds: number;
}

/** One value a period, oldest first; undefined where nothing was measured. */
export type DataPoints = readonly (number | undefined)[];

/** Where alarms and graphs read metrics from. */
export interface SeriesSource {
  /** One value for each moment: of the period that ends there. */
  read(reading: StatisticQuery, endings: readonly number[]): DataPoints;
}

/** The same text for the same metric, in whatever order its dimensions are given. */
export function metricId({ namespace, name, dimensions }: Metric): string {
  return JSON.stringify([namespace, name, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
