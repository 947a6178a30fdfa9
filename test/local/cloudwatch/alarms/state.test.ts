import { describe, expect, it } from 'vitest';
import { nextAlarmState, type Settings } from '../../../../local/cloudwatch/alarms/state.ts';

type Missing = Settings['TreatMissingData'];
const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const satisfies readonly Missing[];

/** Data points from a string, oldest first: `0` is within the threshold, `X` beyond it, and `-` missing. */
function range(text: string) {
  return [...text].map((sign) => ({ '0': 0, X: 2, '-': undefined })[sign]);
}

function verdicts(text: string, needed: number): string[] {
  return TREATMENTS.map((TreatMissingData) => {
    const settings: Settings = {
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 3,
      DatapointsToAlarm: needed,
      TreatMissingData,
    };
    return nextAlarmState(settings, range(text))?.state ?? 'as before';
  });
}

// These are the tables of "How alarm state is evaluated when data is missing" in the CloudWatch user guide, collected 2026-11-25.
describe('an alarm of 3 out of 3 points', () => {
  it.each([
    ['0-X-X', ['OK', 'OK', 'OK', 'OK']],
    ['0----', ['OK', 'OK', 'OK', 'OK']],
    ['-----', ['INSUFFICIENT_DATA', 'as before', 'ALARM', 'OK']],
    ['0XX-X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['--X--', ['ALARM', 'as before', 'ALARM', 'OK']],
  ])('evaluates %s as CloudWatch does', (text, expected) => {
    expect(verdicts(text, 3)).toEqual(expected);
  });

  it.each(['----X', '---X-'])('does not yet raise on %s, whose next point may be within the threshold', (text) => {
    const [missing, ignore, , notBreaching] = verdicts(text, 3);

    expect([missing, ignore, notBreaching]).toEqual(['INSUFFICIENT_DATA', 'as before', 'OK']);
  });
});

describe('an alarm of 2 out of 3 points', () => {
  it.each([
    ['0-X-X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['00X0X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0-X--', ['OK', 'OK', 'ALARM', 'OK']],
    ['----0', ['OK', 'OK', 'ALARM', 'OK']],
    ['---X-', ['ALARM', 'as before', 'ALARM', 'OK']],
  ])('evaluates %s as CloudWatch does', (text, expected) => {
    expect(verdicts(text, 2)).toEqual(expected);
  });
});

describe('a verdict', () => {
  it('takes real points from before the evaluated periods, whatever the setting for missing ones', () => {
    expect(verdicts('XXX--', 3)).toEqual(['ALARM', 'ALARM', 'ALARM', 'ALARM']);
  });

  it.each([
    ['GreaterThanThreshold', 1, 'OK'],
    ['GreaterThanOrEqualToThreshold', 1, 'ALARM'],
    ['LessThanThreshold', 1, 'OK'],
    ['LessThanOrEqualToThreshold', 1, 'ALARM'],
  ] as const)('compares by %s', (ComparisonOperator, point, state) => {
    const settings: Settings = {
      ComparisonOperator,
      Threshold: 1,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
      TreatMissingData: 'missing',
    };

    expect(nextAlarmState(settings, [undefined, undefined, point])?.state).toBe(state);
  });

  it('has the newest point with its age, and counts those that breach and those that are missing', () => {
    const settings: Settings = {
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 10,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
      TreatMissingData: 'notBreaching',
    };

    const evaluated = nextAlarmState(settings, [undefined, undefined, 12, 15, undefined]);

    expect(evaluated).toEqual({ state: 'ALARM', newest: { value: 15, age: 2 }, breaching: 2, missing: 1 });
  });
});
