import type { AlarmProperties } from '../../template/alarms.ts';
import type { DataPoints } from '../metrics/metric.ts';

/** The states of an alarm in CloudWatch. */
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface EvaluatedState {
  readonly state: AlarmState;
  readonly reason: string;
}

/** Properties of an alarm on which the alarm's state depends. */
export type Settings = Pick<
  AlarmProperties,
  'ComparisonOperator' | 'Threshold' | 'EvaluationPeriods' | 'DatapointsToAlarm' | 'TreatMissingData'
>;

/**
 * Number of periods that CloudWatch reads in addition to the periods that an alarm evaluates. Measured points of these additional
 * periods can replace missing points. CloudWatch does not publish this number; its examples read 5 periods to evaluate 3 ("How
 * alarm state is evaluated when data is missing", collected 2026-11-25).
 */
export const EXTRA_PERIODS = 2;

/** The state of an alarm, with the facts about the data points that led to this state. */
export interface Evaluation {
  readonly state: AlarmState;
  /**
   * Newest measured point. `age` is the number of periods from the beginning of the point's period until now. Absent if no point
   * was measured.
   */
  readonly newest?: { readonly value: number; readonly age: number } | undefined;
  /** Number of evaluated points that breach the threshold. If missing data counts as breaching, missing points are included. */
  readonly breaching: number;
  /** Number of evaluated points that are missing, after points of the additional periods have replaced missing points. */
  readonly missing: number;
}

/**
 * Returns the new state of an alarm, as CloudWatch determines it from the points of the periods that it reads (the oldest point
 * first). Returns undefined if the state does not change.
 */
export function nextAlarmState(settings: Settings, range: DataPoints): Evaluation | undefined {
  const { EvaluationPeriods: periods, DatapointsToAlarm: needed = periods, TreatMissingData: treatment } = settings;
  const real = range.flatMap((value, place) =>
    value === undefined ? [] : [{ value, breaching: breaches(settings, value), age: range.length - place }],
  );
  // The newest measured points are used, even if some of these points are older than the evaluated periods.
  const evaluatedPoints = real.slice(-periods);
  const breaching = evaluatedPoints.filter((one) => one.breaching).length;
  const missing = periods - evaluatedPoints.length;
  const last = evaluatedPoints.at(-1);
  const newest = last && { value: last.value, age: last.age };
  const evaluated = (state: AlarmState, filled = 0): Evaluation => ({
    state,
    newest,
    breaching: breaching + filled,
    missing,
  });
  if (breaching >= needed) return evaluated('ALARM');
  if (missing === 0 || treatment === 'notBreaching') return evaluated('OK');
  if (treatment === 'breaching') return evaluated(breaching + missing >= needed ? 'ALARM' : 'OK', missing);
  if (evaluatedPoints.some((one) => !one.breaching)) return evaluated('OK');
  if (treatment === 'ignore') return undefined;
  // All measured points breach the threshold here, but there are too few of them. If the oldest of these points belongs to a
  // period that began at least `needed` periods ago, the alarm is raised in spite of the missing data.
  const oldest = evaluatedPoints[0];
  return evaluated(oldest !== undefined && oldest.age >= needed ? 'ALARM' : 'INSUFFICIENT_DATA');
}

/** Whether the threshold is a lower limit, that is, whether values below the threshold breach it. */
export function isLowerLimit({ ComparisonOperator }: Settings): boolean {
  return ComparisonOperator.startsWith('Less');
}

/** Returns a value that does not breach the threshold. */
export function goodValue(settings: Settings): number {
  return isLowerLimit(settings) ? settings.Threshold + 1 : settings.Threshold - 1;
}

function breaches({ ComparisonOperator, Threshold }: Settings, point: number): boolean {
  switch (ComparisonOperator) {
    case 'GreaterThanThreshold':
      return point > Threshold;
    case 'GreaterThanOrEqualToThreshold':
      return point >= Threshold;
    case 'LessThanThreshold':
      return point < Threshold;
    case 'LessThanOrEqualToThreshold':
      return point <= Threshold;
  }
}
