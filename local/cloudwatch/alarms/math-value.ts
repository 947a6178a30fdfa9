import type { DataPoints } from '../metrics/metric.ts';

/** Value of an expression of metric math: a number, one time series, or several. */
export type MathValue = number | DataPoints | readonly DataPoints[];

/** Whether the value is one time series. */
export function isSeries(value: MathValue): value is DataPoints {
  return typeof value !== 'number' && !isList(value);
}

/** Whether the value is a list of time series, which may be empty only if no metric is named. */
export function isList(value: MathValue): value is readonly DataPoints[] {
  return typeof value !== 'number' && Array.isArray(value[0]);
}

/** The series of a value; a number as a constant series. */
export function seriesOf(value: MathValue, length: number): readonly DataPoints[] {
  if (typeof value === 'number') return [new Array<number>(length).fill(value)];
  return isList(value) ? value : [value];
}

/** Applies a function to each point; missing points stay missing, and a result that is no finite number is missing. */
export function mapPoints(value: MathValue, apply: (point: number) => number): MathValue {
  if (typeof value === 'number') return apply(value);
  if (isList(value)) return value.map((series) => mapSeries(series, apply));
  return mapSeries(value, apply);
}

function mapSeries(series: DataPoints, apply: (point: number) => number): DataPoints {
  return series.map((point) => (point === undefined ? undefined : finite(apply(point))));
}

/** Applies a function to pairs of points; if either is missing, the result is missing. */
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

/** A finite number, else a missing point, as after a division by zero. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
