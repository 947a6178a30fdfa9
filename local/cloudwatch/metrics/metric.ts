/** Identity of a metric in CloudWatch: another dimension, or one less, is another metric. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Values of one metric at one time. */
export interface Datum {
  readonly metric: Metric;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly values: readonly number[];
  /**
   * Number of measurements of each value.
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

/** One value for each period, oldest first; undefined for a period without a measurement. */
export type DataPoints = readonly (number | undefined)[];

/** Source of metrics for alarms and graphs. */
export interface SeriesSource {
  /** One value for each of these times: of the period that ends there. */
  read(reading: StatisticQuery, endings: readonly number[]): DataPoints;
}

/** The same text for the same metric, in any order of its dimensions. */
export function metricId({ namespace, name, dimensions }: Metric): string {
  return JSON.stringify([namespace, name, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
