import type { DataPoints } from '../metrics/metric.ts';

/** Value of an expression of CloudWatch metric math: a number, one time series, or several time series. */
export type MathValue = number | DataPoints | readonly DataPoints[];

/** Whether the value is one time series. */
export function isSeries(value: MathValue): value is DataPoints {
  return typeof value !== 'number' && !isList(value);
}

/** Whether the value is a list of time series. An empty list counts as one time series without points. */
export function isList(value: MathValue): value is readonly DataPoints[] {
  return typeof value !== 'number' && Array.isArray(value[0]);
}

/** Returns the time series of a value. A number becomes a time series in which each point has this number. */
export function seriesOf(value: MathValue, length: number): readonly DataPoints[] {
  if (typeof value === 'number') return [new Array<number>(length).fill(value)];
  return isList(value) ? value : [value];
}

/**
 * Applies a function to a number, or to each point of the time series in a value. Missing points stay missing. In a time series,
 * a result that is not a finite number becomes a missing point.
 */
export function mapPoints(value: MathValue, apply: (point: number) => number): MathValue {
  if (typeof value === 'number') return apply(value);
  if (isList(value)) return value.map((series) => mapSeries(series, apply));
  return mapSeries(value, apply);
}

function mapSeries(series: DataPoints, apply: (point: number) => number): DataPoints {
  return series.map((point) => (point === undefined ? undefined : finite(apply(point))));
}

/**
 * Applies a function to each pair of points that have the same time in two values. If one point of a pair is missing, the result
 * is missing. Throws if both values are lists of time series.
 */
export function zipPoints(
  left: MathValue,
  right: MathValue,
  apply: (left: number, right: number) => number,
): MathValue {
  if (typeof left === 'number') return mapPoints(right, (point) => apply(left, point));
  if (typeof right === 'number') return mapPoints(left, (point) => apply(point, right));
  if (isList(left)) {
    if (isList(right)) throw new Error('two lists of metrics cannot be combined');
    return left.map((series) => zipSeries(series, right, apply));
  }
  if (isList(right)) return right.map((series) => zipSeries(left, series, apply));
  return zipSeries(left, right, apply);
}

function zipSeries(left: DataPoints, right: DataPoints, apply: (left: number, right: number) => number): DataPoints {
  return left.map((point, place) => {
    const other = right[place];
    return point === undefined || other === undefined ? undefined : finite(apply(point, other));
  });
}

/** Returns the number, or a missing point if the number is not finite, for example after a division by zero. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
