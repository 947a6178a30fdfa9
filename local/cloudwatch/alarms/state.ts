import type { AlarmProperties } from '../../template/alarms.ts';
import type { DataPoints } from '../metrics/metric.ts';

/** CloudWatch's states of an alarm. */
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface EvaluatedState {
  readonly state: AlarmState;
  readonly reason: string;
}

/** Properties of an alarm that decide its state. */
export type Settings = Pick<
  AlarmProperties,
  'ComparisonOperator' | 'Threshold' | 'EvaluationPeriods' | 'DatapointsToAlarm' | 'TreatMissingData'
>;

/**
 * CloudWatch looks at more periods than an alarm evaluates, so that real points can replace missing ones. The number
 * is not published; its examples have 5 for 3 ("How alarm state is evaluated when data is missing", collected 2026-11-25).
 */
export const EXTRA_PERIODS = 2;

/** The state of an alarm, and the points that decided it. */
export interface Judgement {
  readonly state: AlarmState;
  /** Newest point; its age is the number of periods from its beginning until now. Absent if none was measured. */
  readonly newest?: { readonly value: number; readonly age: number } | undefined;
  /** Number of evaluated periods that breach, including those without a point if missing data counts as breaching. */
  readonly breaching: number;
  /** Number of evaluated periods without a point. */
  readonly missing: number;
}

/** State from the points of an evaluation range, oldest first, as in CloudWatch; undefined if the state does not change. */
export function nextAlarmState(settings: Settings, range: DataPoints): Judgement | undefined {
  const { EvaluationPeriods: periods, DatapointsToAlarm: needed = periods, TreatMissingData: treatment } = settings;
  const real = range.flatMap((value, place) =>
    value === undefined ? [] : [{ value, breaching: breaches(settings, value), age: range.length - place }],
  );
  // Real points are used if there are enough, even from before the evaluated periods.
  const taken = real.slice(-periods);
  const breaching = taken.filter((one) => one.breaching).length;
  const missing = periods - taken.length;
  const last = taken.at(-1);
  const newest = last && { value: last.value, age: last.age };
  const judged = (state: AlarmState, filled = 0): Judgement => ({
    state,
    newest,
    breaching: breaching + filled,
    missing,
  });
  if (breaching >= needed) return judged('ALARM');
  if (missing === 0 || treatment === 'notBreaching') return judged('OK');
  if (treatment === 'breaching') return judged(breaching + missing >= needed ? 'ALARM' : 'OK', missing);
  if (taken.some((one) => !one.breaching)) return judged('OK');
  if (treatment === 'ignore') return undefined;
  // All existing points breach. If they are old enough that later points would have raised the alarm, missing data does not prevent it.
  const oldest = taken[0];
  return judged(oldest !== undefined && oldest.age >= needed ? 'ALARM' : 'INSUFFICIENT_DATA');
}

/** Whether values below the limit breach. */
export function isLowerLimit({ ComparisonOperator }: Settings): boolean {
  return ComparisonOperator.startsWith('Less');
}

/** A value that does not breach. */
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
