import type { DataPoints } from '../metrics/metric.ts';
import type { AlarmProperties } from './definition.ts';

/** States of an alarm, in CloudWatch's words. */
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** State and the sentence that explains it. */
export interface EvaluatedState {
  readonly state: AlarmState;
  readonly reason: string;
}

/** What the judgement depends on. */
export type Settings = Pick<
  AlarmProperties,
  'ComparisonOperator' | 'Threshold' | 'EvaluationPeriods' | 'DatapointsToAlarm' | 'TreatMissingData'
>;

/**
 * CloudWatch looks at more periods than an alarm evaluates, so that real points can stand in for missing ones. How many more
 * is not published; its examples have 5 for 3 ("How alarm state is evaluated when data is missing", collected 2026-11-25).
 */
export const EXTRA_PERIODS = 2;

/** Judges the points of an evaluation range, oldest first, as CloudWatch does; undefined means that the state stays as it is. */
export function nextAlarmState(settings: Settings, range: DataPoints): EvaluatedState | undefined {
  const { EvaluationPeriods: periods, DatapointsToAlarm: needed = periods, TreatMissingData: missing } = settings;
  const real = range.flatMap((point, place) =>
    point === undefined ? [] : [{ point, breaching: breaches(settings, point), age: range.length - place }],
  );
  // Real points are taken as long as there are enough, even from before the periods that are evaluated.
  const taken = real.slice(-periods);
  const breaching = taken.filter((one) => one.breaching).length;
  const unknown = periods - taken.length;
  const told = (state: 'OK' | 'ALARM', filled = 0): EvaluatedState => ({
    state,
    reason: reasonOf(settings, taken, breaching + filled, unknown),
  });
  if (breaching >= needed) return told('ALARM');
  if (unknown === 0 || missing === 'notBreaching') return told('OK');
  if (missing === 'breaching') return told(breaching + unknown >= needed ? 'ALARM' : 'OK', unknown);
  if (taken.some((one) => !one.breaching)) return told('OK');
  if (missing === 'ignore') return undefined;
  // All that is there breaches. Once it is old enough that later points would have made the alarm, silence does not save it.
  const oldest = taken[0];
  if (oldest !== undefined && oldest.age >= needed) return told('ALARM');
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

/** Newest points that a reason names. */
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
