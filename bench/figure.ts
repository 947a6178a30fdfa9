import { availableParallelism, cpus, loadavg } from 'node:os';

/** One measured value: a line in the table of results. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  /** The limit for the value, and whether the value keeps this limit; absent for a value without a limit. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

/** Returns the median. For an even number of values, this is the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (high + (sorted[middle - 1] ?? Number.NaN)) / 2 : high;
}

/** Returns the median with the lowest and the highest value, such as `1.20 (1.10-1.40)`. */
export function spread(values: readonly number[], digits = 2): string {
  const text = (value: number) => value.toFixed(digits);
  return `${text(median(values))} (${text(Math.min(...values))}-${text(Math.max(...values))})`;
}

/** Returns a duration in seconds, such as `1.20 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** Returns the figures as lines of a table. */
export function table(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures
    .map(({ name, value, target }) => {
      const verdict = target ? `  (target ${target.text}: ${target.met ? 'met' : 'MISSED'})` : '';
      return `${name.padEnd(width)}  ${value}${verdict}`;
    })
    .join('\n');
}

/** Returns the names of the figures that do not keep their limits. */
export function shortOf(figures: readonly Figure[]): string {
  const missed = figures.filter(({ target }) => target && !target.met);
  if (missed.length === 0) return 'All limits are met.';
  return ['Short of the limit:', ...missed.map(({ name, target }) => `- ${name} (${target?.text})`)].join('\n');
}

/** Returns a description of the machine that measures the figures, and of its load. */
export function machine(): string {
  const load = loadavg()[0]?.toFixed(1);
  return `${availableParallelism()} x ${cpus()[0]?.model ?? process.arch}, Node ${process.version}, load ${load}`;
}
