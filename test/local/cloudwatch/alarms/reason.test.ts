import { expect, it } from 'vitest';
import { reasonsOf, timeInWords } from '../../../../local/cloudwatch/alarms/reason.ts';
import type { AlarmProperties, MetricQuery } from '../../../../local/template/alarms.ts';

const rate: MetricQuery = { Id: 'e', Expression: 'IF(a >= 20, 100 * b / a, 0)', Label: 'failed, %', ReturnData: true };
const flag: MetricQuery = { Id: 'e', Expression: 'IF(a > 0, 1, 0)', Label: 'account refused', ReturnData: true };

it.each([
  ['a percentage', { Threshold: 25 }, rate, 60, '99 % failed in the last minute; limit 25 %', 99],
  [
    'a time',
    { Threshold: 900 },
    named('ApproximateAgeOfOldestMessage', 'AWS/SQS'),
    60,
    'age of oldest message: 17 minutes in the last minute; limit 15 minutes',
    1020,
  ],
  [
    'milliseconds',
    { Threshold: 5_000 },
    named('AttemptLatency'),
    300,
    'attempt latency: 6.2 s in the last 5 minutes; limit 5 s',
    6_200,
  ],
  [
    'the state of a circuit',
    { Threshold: 2 },
    named('CircuitState'),
    60,
    'circuit state: isolated in the last minute; limit open',
    3,
  ],
  [
    'a value that is only 1 or 0',
    { EvaluationPeriods: 15, DatapointsToAlarm: 1 },
    flag,
    60,
    'account refused in 2 of the last 15 minutes; limit 1',
    1,
  ],
  [
    'several periods',
    { Threshold: 3, EvaluationPeriods: 3, DatapointsToAlarm: 2 },
    { ...rate, Label: 'failed calls' },
    300,
    '4 failed calls in the last 5 minutes; limit 3, reached in 2 of the last 3 periods; 2 make an alarm',
    4,
  ],
  [
    'a lower limit',
    { Threshold: 0.1, ComparisonOperator: 'LessThanThreshold' },
    named('QuotaHeadroom'),
    3600,
    'quota headroom: 0.05 in the last hour; limit below 0.1',
    0.05,
  ],
] as const)('says %s', (_, change, watched, periodSeconds, expected, value) => {
  const reason = reasonsOf({ ...PROPERTIES, ...change }, watched, periodSeconds);

  expect(reason({ state: 'ALARM', newest: { value, age: 1 }, breaching: 2, missing: 0 })).toBe(expected);
});

it('says that nothing was measured, or when the last value was', () => {
  const reason = reasonsOf({ ...PROPERTIES, Threshold: 25 }, rate, 300);

  expect(reason({ state: 'OK', breaching: 0, missing: 1 })).toBe(
    'nothing was measured in the last 5 minutes; limit 25 %',
  );
  expect(reason({ state: 'ALARM', newest: { value: 50, age: 3 }, breaching: 1, missing: 0 })).toBe(
    '50 % failed in 5 minutes that ended 10 minutes ago; limit 25 %',
  );
});

it.each([
  [0.25, '0.25 s'],
  [119, '119 s'],
  [120, '2 minutes'],
  [7_200, '2 hours'],
  [604_800, '7 days'],
])('writes %s seconds as %s', (seconds, text) => {
  expect(timeInWords(seconds)).toBe(text);
});

const PROPERTIES: AlarmProperties = {
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  Threshold: 1,
  EvaluationPeriods: 1,
  TreatMissingData: 'notBreaching',
  Dimensions: {},
  AlarmDescription: '',
  AlarmActions: [],
  OKActions: [],
  InsufficientDataActions: [],
  EvaluateLowSampleCountPercentile: 'evaluate',
};

function named(MetricName: string, Namespace = 'Mailover'): MetricQuery {
  return {
    Id: 'm',
    MetricStat: { Metric: { Namespace, MetricName, Dimensions: {} }, Period: 60, Stat: 'Maximum' },
    ReturnData: true,
  };
}
