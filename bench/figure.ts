/** One line of the results. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  /** Limit of the value, and whether it is met; absent for a value without a limit. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

/** Median; of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (high + (sorted[middle - 1] ?? Number.NaN)) / 2 : high;
}

/** Median with the lowest and the highest value, such as `1.20 (1.10-1.40)`. */
export function spread(values: readonly number[], digits = 2): string {
  const text = (value: number) => value.toFixed(digits);
  return `${text(median(values))} (${text(Math.min(...values))}-${text(Math.max(...values))})`;
}

/** The figures as lines of a table. */
export function table(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures
    .map(({ name, value, target }) => {
      const verdict = target ? `  (target ${target.text}: ${target.met ? 'met' : 'MISSED'})` : '';
      return `${name.padEnd(width)}  ${value}${verdict}`;
    })
    .join('\n');
}
