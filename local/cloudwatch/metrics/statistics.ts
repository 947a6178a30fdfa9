/**
 * Number of distinct values that are stored exactly; further values are stored in bins. CloudWatch accepts at most 150 distinct
 * values in one datum (PutMetricData, collected 2026-11-25).
 */
const EXACT_VALUES = 150;
/**
 * Relative width of the bins for further positive values (1 %, as a logarithm). A percentile is wrong by at most half of this
 * width. Further values of 0 or less are rounded to whole numbers.
 */
const BIN = Math.log(1.01);

/** Measurements of one metric in one minute. */
export class Statistics {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly #samples = new Map<number, number>();

  add(value: number, times = 1): void {
    this.count += times;
    this.sum += value * times;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    const kept = this.#samples.has(value) || this.#samples.size < EXACT_VALUES ? value : binned(value);
    this.#samples.set(kept, (this.#samples.get(kept) ?? 0) + times);
  }

  /** Adds all measurements that another object contains to this object. */
  merge(other: Statistics): void {
    this.count += other.count;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    for (const [value, times] of other.#samples) this.#samples.set(value, (this.#samples.get(value) ?? 0) + times);
  }

  /** Returns the value of one statistic; undefined if there is no measurement. Throws on an unsupported statistic. */
  read(statistic: string): number | undefined {
    if (this.count === 0) return undefined;
    switch (statistic) {
      case 'Sum':
        return this.sum;
      case 'Average':
        return this.sum / this.count;
      case 'Minimum':
        return this.min;
      case 'Maximum':
        return this.max;
      case 'SampleCount':
        return this.count;
      default:
        return this.#percentile(percentileOf(statistic));
    }
  }

  #percentile(fraction: number): number {
    const rank = fraction * this.count;
    let seen = 0;
    for (const [value, times] of [...this.#samples].sort(([a], [b]) => a - b)) {
      seen += times;
      if (seen >= rank) return Math.min(value, this.max);
    }
    return this.max;
  }
}

function binned(value: number): number {
  return value > 0 ? Math.exp(Math.round(Math.log(value) / BIN) * BIN) : Math.round(value);
}

const PERCENTILE = /^p(\d{1,2}(?:\.\d+)?|100)$/;
const PLAIN: ReadonlySet<string> = new Set(['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount']);

/**
 * Throws on an unsupported statistic. It is called when the stack starts, so a template with an unsupported statistic stops the
 * start.
 */
export function requireStatistic(statistic: string): void {
  if (!PLAIN.has(statistic)) percentileOf(statistic);
}

/** Returns the fraction of a percentile, for example 0.99 for `p99`. Throws if the statistic is not a percentile. */
export function percentileOf(statistic: string): number {
  const percent = PERCENTILE.exec(statistic)?.[1];
  if (percent === undefined) throw new Error(`the local stack cannot compute the statistic ${statistic}`);
  return Number(percent) / 100;
}

/** Whether a statistic is a percentile. */
export function isPercentile(statistic: string): boolean {
  return PERCENTILE.test(statistic);
}
