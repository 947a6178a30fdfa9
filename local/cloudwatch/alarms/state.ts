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
 * CloudWatch looks at more periods than an alarm evaluates. Measured points of these additional periods can replace missing points.
 * CloudWatch does not publish the number of additional periods; its examples look at 5 periods to evaluate 3 ("How alarm state is
 * evaluated when data is missing", collected 2026-11-25).
 */
export const EXTRA_PERIODS = 2;

/** The state of an alarm, and the points that decided it. */
export interface Evaluation {
  readonly state: AlarmState;
  /** Newest measured point. `age` is the number of periods since the beginning of the point's period. Absent if no point was measured. */
  readonly newest?: { readonly value: number; readonly age: number } | undefined;
  /**
   * Number of evaluated periods whose value breaches the threshold. It includes periods without a point if missing data counts as
   * breaching.
   */
  readonly breaching: number;
  /** Number of evaluated periods without a point. */
  readonly missing: number;
}

/**
 * Returns the new state of an alarm, as CloudWatch determines it from the points of an evaluation range (the oldest point first);
 * undefined if the state does not change.
 */
export function nextAlarmState(settings: Settings, range: DataPoints): Evaluation | undefined {
  const { EvaluationPeriods: periods, DatapointsToAlarm: needed = periods, TreatMissingData: treatment } = settings;
  const real = range.flatMap((value, place) =>
    value === undefined ? [] : [{ value, breaching: breaches(settings, value), age: range.length - place }],
  );
  // The newest measured points are used, even if some of them are older than the evaluated periods.
  const taken = real.slice(-periods);
  const breaching = taken.filter((one) => one.breaching).length;
  const missing = periods - taken.length;
  const last = taken.at(-1);
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
  if (taken.some((one) => !one.breaching)) return evaluated('OK');
  if (treatment === 'ignore') return undefined;
  // Here all measured points breach the threshold. If the period of the oldest point began at least `needed` periods ago, the alarm is
  // raised in spite of missing data.
  const oldest = taken[0];
  return evaluated(oldest !== undefined && oldest.age >= needed ? 'ALARM' : 'INSUFFICIENT_DATA');
}

/** Whether the threshold is a lower limit: values below it breach the threshold. */
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
