/** Identity of a metric in CloudWatch. Metrics with the same name and different dimensions are different metrics. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Values of one metric that were measured at one time. */
export interface Datum {
  readonly metric: Metric;
  /**
   * Time of the measurement, in epoch milliseconds. The data that `readEmf` returns are in real time. All other data are in the
   * time of the local stack's clock.
   */
  readonly at: number;
  readonly values: readonly number[];
  /**
   * Number of measurements of each value in `values`.
   * @default - each value was measured once
   */
  readonly counts?: readonly number[];
  readonly unit?: string;
}

/** A query for one statistic of one metric, over periods of one length. */
export interface StatisticQuery {
  readonly metric: Metric;
  /** `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile such as `p99`. */
  readonly statistic: string;
  readonly periodSeconds: number;
}

/**
 * The values of a statistic: one value for each period, the oldest period first; undefined for a period without a measurement.
 */
export type DataPoints = readonly (number | undefined)[];

/** Source from which alarms and graphs read metrics. */
export interface SeriesSource {
  /** Returns one value for each time in `endings`: the value of the period that ends at this time. */
  read(reading: StatisticQuery, endings: readonly number[]): DataPoints;
}

/** Returns a text that identifies a metric. The order of the dimensions does not matter. */
export function metricId({ namespace, name, dimensions }: Metric): string {
  return JSON.stringify([namespace, name, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
