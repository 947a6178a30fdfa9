import type { DataPoints } from '../metrics/metric.ts';
import { isList, isSeries, type MathValue, mapPoints, seriesOf } from './math-value.ts';

/** Data that a function of CloudWatch metric math needs in addition to its arguments. */
export interface Frame {
  /** End times of the periods, the oldest period first. */
  readonly endings: readonly number[];
  readonly periodSeconds: number;
}

type MathFunction = (args: readonly MathValue[], frame: Frame) => MathValue;

/**
 * The functions of CloudWatch metric math that the local stack supports, by name ("Using metric math", collected 2026-11-25). The
 * function METRICS is missing here, since math.ts evaluates it.
 */
export const MATH_FUNCTIONS: Readonly<Record<string, MathFunction>> = {
  ABS: ([value]) => mapPoints(given(value), Math.abs),
  CEIL: ([value]) => mapPoints(given(value), Math.ceil),
  FLOOR: ([value]) => mapPoints(given(value), Math.floor),
  LOG: ([value]) => mapPoints(given(value), Math.log),
  LOG10: ([value]) => mapPoints(given(value), Math.log10),
  AVG: ([value], frame) => over(given(value), frame, (points) => total(points) / points.length),
  SUM: ([value], frame) => over(given(value), frame, total),
  MIN: ([value], frame) => over(given(value), frame, (points) => Math.min(...points)),
  MAX: ([value], frame) => over(given(value), frame, (points) => Math.max(...points)),
  STDDEV: ([value], frame) => over(given(value), frame, deviation),
  DATAPOINT_COUNT: ([value], frame) => over(given(value), frame, (points) => points.length, 0),
  METRIC_COUNT: ([value], frame) => seriesOf(given(value), frame.endings.length).length,
  FIRST: ([value]) => pick(given(value), 0),
  LAST: ([value]) => pick(given(value), -1),
  FILL: ([value, filling], frame) => fill(given(value), given(filling), frame),
  IF: ([condition, yes, no], frame) => choose(given(condition), given(yes), no, frame),
  DIFF: ([value]) => stepped(given(value), (now, before) => now - before),
  RATE: ([value], { periodSeconds }) => stepped(given(value), (now, before) => (now - before) / periodSeconds),
  RUNNING_SUM: ([value]) => mapLists(given(value), running),
  PERIOD: (_args, { periodSeconds }) => periodSeconds,
  TIME_SERIES: ([value], { endings }) => seriesOf(given(value), endings.length)[0] ?? [],
};

function given(value: MathValue | undefined): MathValue {
  if (value === undefined) throw new Error('a function of metric math lacks an argument');
  return value;
}

function total(points: readonly number[]): number {
  return points.reduce((sum, point) => sum + point, 0);
}

function deviation(points: readonly number[]): number {
  const mean = total(points) / points.length;
  return Math.sqrt(total(points.map((point) => (point - mean) ** 2)) / points.length);
}

/**
 * Applies an aggregate function to its argument. For one time series the result is a number. For several time series the result
 * is one time series, in which each point combines the points of all series at the same time.
 */
function over(
  value: MathValue,
  { endings }: Frame,
  combine: (points: readonly number[]) => number,
  nothing?: number,
): MathValue {
  const present = (points: DataPoints): number[] => points.filter((point) => point !== undefined);
  if (typeof value === 'number') return combine([value]);
  if (isList(value)) {
    return endings.map((_, place) => {
      const points = present(value.map((series) => series[place]));
      return points.length === 0 ? nothing : combine(points);
    });
  }
  const points = present(value);
  // If there is no measurement and `nothing` is not given, the result is a time series without a value at any time.
  return points.length === 0 ? (nothing ?? endings.map(() => undefined)) : combine(points);
}

function pick(value: MathValue, place: number): MathValue {
  if (!isList(value)) return value;
  return value.at(place) ?? [];
}

/**
 * The function FILL of metric math. It replaces the missing points of a series by a number, by the points of another series, or
 * (with REPEAT) by the previous point.
 */
function fill(value: MathValue, filling: MathValue | symbol, { endings }: Frame): MathValue {
  const fillSeries = (series: DataPoints): DataPoints => {
    if (filling === REPEAT) {
      let last: number | undefined;
      return series.map((point) => {
        last = point ?? last;
        return last;
      });
    }
    const other = seriesOf(filling as MathValue, endings.length)[0] ?? [];
    return series.map((point, place) => point ?? other[place]);
  };
  return mapLists(value, fillSeries);
}

/**
 * The argument REPEAT of the function FILL: a unique symbol. It is declared with the type of a metric-math value. If it had a
 * type of its own, the argument types of all functions would have to change.
 */
export const REPEAT = Symbol('REPEAT') as unknown as MathValue;

/** The function IF of metric math. Without a third argument, the result has no value where the condition is false. */
function choose(condition: MathValue, yes: MathValue, no: MathValue | undefined, { endings }: Frame): MathValue {
  if (typeof condition === 'number' && no !== undefined) return condition ? yes : no;
  const at = (value: MathValue | undefined): DataPoints =>
    value === undefined ? endings.map(() => undefined) : (seriesOf(value, endings.length)[0] ?? []);
  const [conditions, yesses, noes] = [at(condition), at(yes), at(no)];
  return conditions.map((point, place) => {
    if (point === undefined) return undefined;
    return point ? yesses[place] : noes[place];
  });
}

function stepped(value: MathValue, step: (now: number, before: number) => number): MathValue {
  return mapLists(value, (series) =>
    series.map((point, place) => {
      const before = series[place - 1];
      return point === undefined || before === undefined ? undefined : step(point, before);
    }),
  );
}

function running(series: DataPoints): DataPoints {
  let sum = 0;
  return series.map((point) => {
    sum += point ?? 0;
    return point === undefined ? undefined : sum;
  });
}

function mapLists(value: MathValue, apply: (series: DataPoints) => DataPoints): MathValue {
  if (isList(value)) return value.map(apply);
  return isSeries(value) ? apply(value) : value;
}
