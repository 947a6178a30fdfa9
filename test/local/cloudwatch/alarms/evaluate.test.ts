import { describe, expect, it } from 'vitest';
import { compileAlarms, type Statuses } from '../../../../local/cloudwatch/alarms/evaluate.ts';
import { MetricStore } from '../../../../local/cloudwatch/metrics/store.ts';
import { type AlarmResource, readAlarm } from '../../../../local/template/alarms.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 25, 12);

describe('an alarm on one metric', () => {
  it('is raised when enough points breach, and says since when', () => {
    const { measure, statuses } = givenAlarms(failures({ EvaluationPeriods: 3, DatapointsToAlarm: 2 }));
    measure(0, 20);
    measure(2, 20);

    expect(statuses(1).get('failures')).toMatchObject({ state: 'OK', since: START });
    expect(statuses(2).get('failures')).toMatchObject({ state: 'OK', since: START });
    expect(statuses(3).get('failures')).toMatchObject({ state: 'ALARM', since: START + 3 * MINUTE });
    expect(statuses(4).get('failures')).toMatchObject({ state: 'ALARM', since: START + 3 * MINUTE });
    expect(statuses(9).get('failures')).toMatchObject({ state: 'OK', since: START + 9 * MINUTE });
  });

  it('moves a window of several minutes every minute', () => {
    const { measure, statuses } = givenAlarms(failures({ Period: 300, Threshold: 20 }));
    for (const minute of [3, 4, 5, 6]) measure(minute, 6);

    expect(statuses(6).get('failures')?.state).toBe('OK');
    expect(statuses(7).get('failures')?.state).toBe('ALARM');
  });

  it('keeps its state while a percentile has too few samples, if its definition says so', () => {
    const low = { EvaluateLowSampleCountPercentile: 'ignore', ExtendedStatistic: 'p95', Statistic: undefined };
    const { measure, statuses } = givenAlarms(failures(low));
    measure(0, ...new Array<number>(199).fill(20));
    measure(5, ...new Array<number>(200).fill(20));

    expect(statuses(1).get('failures')?.state).toBe('INSUFFICIENT_DATA');
    expect(statuses(6).get('failures')?.state).toBe('ALARM');
  });

  it.each([
    ['an unknown member', { Alarming: true }, /Alarming/],
    ['an unknown statistic', { Statistic: 'TM(10%:90%)' }, /TM\(10%:90%\)/],
    ['a period of seconds', { Period: 10 }, /whole minutes/],
    ['an operator of anomaly detection', { ComparisonOperator: 'GreaterThanUpperThreshold' }, /ComparisonOperator/],
  ])('is refused at start for %s', (_, change, message) => {
    expect(() => givenAlarms(failures(change))).toThrow(message);
  });
});

describe('an alarm on metric math', () => {
  const rate: AlarmResource = {
    type: 'AWS::CloudWatch::Alarm',
    name: 'rate',
    metadata: {},
    properties: {
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 50,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      Metrics: [
        { Id: 'rate', Expression: 'IF(all >= 10, 100 * FILL(failed, 0) / all, 0)', Label: 'rate' },
        { Id: 'all', Expression: 'SUM([accepted, FILL(failed, 0)])', ReturnData: false },
        query('accepted'),
        query('failed'),
      ],
    },
  };

  it('requires a minimum of traffic', () => {
    const { add, statuses } = givenAlarms(rate);
    add('failed', 0, 5);
    add('failed', 5, 5);
    add('accepted', 5, 4);
    add('failed', 10, 6);
    add('accepted', 10, 4);

    expect(statuses(1).get('rate')?.state).toBe('OK');
    expect(statuses(6).get('rate')?.state).toBe('OK');
    expect(statuses(11).get('rate')?.state).toBe('ALARM');
  });

  it.each([
    ['names a missing id', [query('failed'), { Id: 'e', Expression: 'failed + x' }], /names x/],
    [
      'has a cycle',
      [
        { Id: 'e', Expression: 'f + 1' },
        { Id: 'f', Expression: 'e + 1', ReturnData: false },
      ],
      /each/,
    ],
    [
      'returns two series',
      [
        { ...query('a'), ReturnData: true },
        { ...query('b'), ReturnData: true },
      ],
      /exactly one/,
    ],
  ])('is refused at start when it %s', (_, Metrics, message) => {
    expect(() => givenAlarms({ ...rate, properties: { ...rate.properties, Metrics } })).toThrow(message);
  });
});

describe('a composite alarm', () => {
  const below = ['a', 'b-c'].map((name) => failures({ Dimensions: [{ Name: 'provider', Value: name }] }, name));
  const rule = (AlarmRule: string, name = 'composite'): AlarmResource => ({
    type: 'AWS::CloudWatch::CompositeAlarm',
    name,
    metadata: {},
    properties: { AlarmRule },
  });

  it.each([
    ['ALARM("a")', 'ALARM'],
    ['ALARM(a) AND ALARM(b-c)', 'OK'],
    ['ALARM(a) OR ALARM(b-c) AND FALSE', 'ALARM'],
    ['(ALARM("a") OR ALARM("b-c")) AND NOT OK("b-c")', 'OK'],
    ['NOT ALARM("arn:aws:cloudwatch:us-east-1:000000000000:alarm:b-c")', 'ALARM'],
    ['INSUFFICIENT_DATA("a") OR TRUE', 'ALARM'],
  ])('reads the rule %s', (text, state) => {
    const { add, statuses } = givenAlarms(rule(text), ...below);
    add('a', 0, 20);
    add('b-c', 0, 0);

    expect(statuses(1).get('composite')?.state).toBe(state);
  });

  it('ends with the alarms of its rule that end first', () => {
    const { add, statuses, endsAt } = givenAlarms(
      rule('ALARM("a") AND ALARM("b-c")'),
      rule('ALARM("a") OR ALARM("b-c")', 'either'),
      failures({ Dimensions: [{ Name: 'provider', Value: 'a' }], Period: 300 }, 'a'),
      ...below.slice(1),
    );
    add('a', 0, 20);
    add('b-c', 0, 20);
    statuses(1);

    expect([endsAt('a', 1), endsAt('b-c', 1)]).toEqual([START + 6 * MINUTE, START + 2 * MINUTE]);
    expect([endsAt('composite', 1), endsAt('either', 1)]).toEqual([START + 2 * MINUTE, START + 6 * MINUTE]);
    statuses(60);
    expect(endsAt('a', 60)).toBeUndefined();
  });

  it('may refer to other composite alarms, in any order', () => {
    const { add, statuses } = givenAlarms(rule('NOT ALARM("inner")'), rule('ALARM("a")', 'inner'), ...below);

    expect(statuses(0).get('composite')?.state).toBe('ALARM');
    add('a', 0, 20);
    expect(statuses(1).get('composite')).toMatchObject({ state: 'OK', since: START + MINUTE });
  });

  it.each([
    ['ALARM("nobody")', /nobody, which is not deployed/],
    ['ALARM("composite")', /depend on each other/],
    ['ALARM("a") XOR ALARM("b-c")', /cannot/],
    ['AT_LEAST(1, ALARM, (a))', /cannot/],
  ])('is refused at start for the rule %s', (text, message) => {
    expect(() => givenAlarms(rule(text), ...below)).toThrow(message);
  });
});

it('is not raised before its alarms have had their periods', () => {
  const warmUp = { WarmUpPeriodDurationInMinutes: 5, OnlyStartEvaluatingAfterWarmUpPeriodEnds: true };
  const { statuses } = givenAlarms(failures({ TreatMissingData: 'breaching', WarmUpConfiguration: warmUp }, 'Silent'));

  expect(statuses(4).get('Silent')?.state).toBe('INSUFFICIENT_DATA');
  expect(statuses(5).get('Silent')?.state).toBe('ALARM');
});

function failures(change: object = {}, name = 'failures'): AlarmResource {
  const properties = {
    AlarmName: name,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 10,
    EvaluationPeriods: 1,
    Namespace: 'Mailover',
    MetricName: 'Failures',
    Dimensions: [{ Name: 'provider', Value: 'postmark' }],
    Period: 60,
    Statistic: 'Sum',
    TreatMissingData: 'notBreaching',
    ...change,
  };
  const given = Object.entries(properties).filter(([, value]) => value !== undefined);
  return { type: 'AWS::CloudWatch::Alarm', name, metadata: {}, properties: Object.fromEntries(given) };
}

function query(provider: string) {
  const Metric = {
    Namespace: 'Mailover',
    MetricName: 'Failures',
    Dimensions: [{ Name: 'provider', Value: provider }],
  };
  return { Id: provider, MetricStat: { Metric, Period: 60, Stat: 'Sum' }, ReturnData: false };
}

function givenAlarms(...resources: AlarmResource[]) {
  const alarms = compileAlarms(resources.map(readAlarm), { born: START });
  const store = new MetricStore();
  let statuses: Statuses = alarms.evaluate(store, START);
  const add = (provider: string, minute: number, ...values: number[]): void =>
    store.add({
      metric: { namespace: 'Mailover', name: 'Failures', dimensions: { provider } },
      at: START + minute * MINUTE,
      values,
    });
  return {
    add,
    measure: (minute: number, ...values: number[]) => add('postmark', minute, ...values),
    endsAt: (name: string, minutes: number) => alarms.endsAt(name, store, START + minutes * MINUTE, statuses),
    /** Evaluates the alarms once, after this number of minutes; returns their states. */
    statuses: (minutes: number): Statuses => {
      statuses = alarms.evaluate(store, START + minutes * MINUTE, statuses);
      return statuses;
    },
  };
}
