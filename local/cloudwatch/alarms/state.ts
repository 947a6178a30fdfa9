import type { AlarmProperties } from '../../template/alarms.ts';
import type { DataPoints } from '../metrics/metric.ts';

/** CloudWatch's states of an alarm. */
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A state and its reason. */
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

/** State from the points of an evaluation range, oldest first, as in CloudWatch; undefined if the state does not change. */
export function nextAlarmState(settings: Settings, range: DataPoints): EvaluatedState | undefined {
  const { EvaluationPeriods: periods, DatapointsToAlarm: needed = periods, TreatMissingData: missing } = settings;
  const real = range.flatMap((point, place) =>
    point === undefined ? [] : [{ point, breaching: breaches(settings, point), age: range.length - place }],
  );
  // Real points are used if there are enough, even from before the evaluated periods.
  const taken = real.slice(-periods);
  const breaching = taken.filter((one) => one.breaching).length;
  const unknown = periods - taken.length;
  const evaluated = (state: 'OK' | 'ALARM', filled = 0): EvaluatedState => ({
    state,
    reason: reasonOf(settings, taken, breaching + filled, unknown),
  });
  if (breaching >= needed) return evaluated('ALARM');
  if (unknown === 0 || missing === 'notBreaching') return evaluated('OK');
  if (missing === 'breaching') return evaluated(breaching + unknown >= needed ? 'ALARM' : 'OK', unknown);
  if (taken.some((one) => !one.breaching)) return evaluated('OK');
  if (missing === 'ignore') return undefined;
  // All existing points breach. If they are old enough that later points would have raised the alarm, missing data does not prevent it.
  const oldest = taken[0];
  if (oldest !== undefined && oldest.age >= needed) return evaluated('ALARM');
  return {
    state: 'INSUFFICIENT_DATA',
    reason: `${count(unknown, 'datapoint')} of ${periods} ${unknown === 1 ? 'is' : 'are'} missing`,
  };
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

const WORDS: Readonly<Record<Settings['ComparisonOperator'], string>> = {
  GreaterThanThreshold: 'above',
  GreaterThanOrEqualToThreshold: 'at or above',
  LessThanThreshold: 'below',
  LessThanOrEqualToThreshold: 'at or below',
};

/** Number of newest points in a reason. */
const SHOWN_POINTS = 5;

function reasonOf(
  { ComparisonOperator, Threshold, EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods }: Settings,
  taken: readonly { readonly point: number }[],
  breaching: number,
  unknown: number,
): string {
  const shown = taken.slice(-SHOWN_POINTS).map(({ point }) => rounded(point));
  if (shown.length < taken.length) shown.unshift('…');
  const points = taken.length === 0 ? '' : ` [${shown.join(', ')}]`;
  const absent = unknown === 0 ? '' : `, ${unknown} missing`;
  const enough = `${DatapointsToAlarm} make${DatapointsToAlarm === 1 ? 's' : ''} an alarm`;
  return `${breaching} of ${count(EvaluationPeriods, 'datapoint')}${points}${absent}: ${WORDS[ComparisonOperator]} ${rounded(Threshold)}; ${enough}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
