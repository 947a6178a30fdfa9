import { expect, test, vi } from 'vitest';
import { compileAlarms, type Statuses } from '../../../local/cloudwatch/alarms/evaluate.ts';
import { EXTRA_PERIODS } from '../../../local/cloudwatch/alarms/state.ts';
import { MetricStore } from '../../../local/cloudwatch/metrics/store.ts';
import type { DeployedAlarm, MetricQuery } from '../../../local/template/alarms.ts';
import { givenDeployed } from './deployed.ts';
import { EVERYTHING } from './everything.ts';

vi.setConfig({ testTimeout: 60_000 });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A time that is long enough for three periods of an hour, and for the earlier periods to which CloudWatch looks back. */
const LONG = 8 * HOUR;
const routes = [{ class: 'login-codes', expiresAfterSeconds: 600, unsubscribe: true }];
const sizes = (['full', 'small'] as const).map((size) =>
  givenDeployed({ providers: EVERYTHING, routes, monitoring: { size }, events: { url: 'https://example.com/' } }),
);
/** One alarm for each title, since alarms of different providers differ only in a dimension of their metrics. */
const alarms = new Map(
  sizes.flatMap(({ alarms: all }) => all.map((alarm) => [titleOf(alarm.name), { alarm, all }] as const)),
);

/**
 * Values for alarms that need more than one metric at its threshold. Each metric has this value in every minute; the key is the
 * id of the metric in the alarm's expression.
 */
const BAD: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  FailureRate: { outage: 10, accepted: 10 },
  FailureCount: { outage: 1 },
  SomeFailures: { outage: 2, accepted: 10 },
  LostAnswers: { unknown: 1, accepted: 10 },
  Faults: { faults: 2, accepted: 10 },
  AccountRefused: { healthy: 0 },
  AccountUnknown: { checked: 1 },
  Refusals: { recipient: 10, accepted: 2 },
  Throttled: { throttled: 2, accepted: 2 },
  NothingAccepted: { retried: 1 },
  FailoverRate: { accepted: 10, over: 5 },
  EventsUnusable: { unusable: 1 },
  UnsubscribeFailed: { failures: 1 },
  PrimaryMxSilent: { here: 1 },
  QuotaLow: { m: 0 },
  CapacityShort: { m: 0.9 },
  ReconcilerBlind: {},
};

test.each([...alarms].filter(([, { alarm }]) => alarm.kind === 'metric'))(
  '%s is raised with its figure and limit, and ends by itself when it said',
  (title, { alarm }) => {
    const store = new MetricStore();
    const compiled = compileAlarms([alarm]);
    let now = 30_000_000 * MINUTE;
    let statuses: Statuses = new Map();
    const live = (ms: number, measured: (query: MetricQuery) => number | undefined): string[] => {
      const seen = new Set<string>();
      for (const end = now + ms; now < end; ) {
        for (const query of queriesOf(alarm)) {
          const value = measured(query);
          const { Namespace: namespace, MetricName: name, Dimensions: dimensions } = metricOf(query);
          if (value !== undefined)
            store.add({ metric: { namespace, name, dimensions }, at: now, values: valuesOf(query, value) });
        }
        now += MINUTE;
        statuses = compiled.evaluate(store, now, statuses);
        seen.add([...statuses.values()][0]?.state ?? '');
      }
      return [...seen];
    };

    expect(live(LONG, (query) => usual(title, query))).not.toContain('ALARM');
    expect(live(LONG, (query) => bad(title, alarm, query))).toContain('ALARM');
    const promised = compiled.endsAt(alarm.name, store, now, statuses);
    const { reason } = [...statuses.values()][0] ?? {};
    live(LONG, (query) => usual(title, query));

    const [after] = statuses.values();
    expect(after?.state).toBe('OK');
    // If values are missing, CloudWatch looks at earlier periods. Therefore an alarm on a metric that counts events may stay
    // raised for two periods more.
    const late = (after?.since ?? 0) - (promised ?? Number.NaN);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThanOrEqual(EXTRA_PERIODS * periodOf(alarm) * 1000);
    expect(reason).toMatch(/^[^A-Z]*\b(in|without) [^A-Z]*; limit [^A-Z]+$/);
  },
);

test.each([...alarms].filter(([, { alarm }]) => alarm.kind === 'composite'))(
  '%s is raised by the alarms that its rule names, and ends with them',
  (_, { alarm, all }) => {
    const stub = (name: string): DeployedAlarm => ({
      name,
      dependsOnTime: false,
      kind: 'metric',
      properties: {
        Namespace: 'Test',
        MetricName: name,
        Dimensions: {},
        Period: 60,
        Statistic: 'Maximum',
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold: 1,
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
        AlarmDescription: '',
        AlarmActions: [],
        OKActions: [],
        InsufficientDataActions: [],
        EvaluateLowSampleCountPercentile: 'evaluate',
      },
    });
    const names = all.flatMap((one) => (one.kind === 'metric' ? one.name : []));
    const compiled = compileAlarms([...names.map(stub), alarm]);
    const store = new MetricStore();
    const begun = 30_000_000 * MINUTE;
    for (const name of names)
      store.add({ metric: { namespace: 'Test', name, dimensions: {} }, at: begun, values: [1] });

    const raised = compiled.evaluate(store, begun + MINUTE);
    const later = compiled.evaluate(store, begun + HOUR, raised);

    expect(raised.get(alarm.name)?.state).toBe('ALARM');
    expect(later.get(alarm.name)?.state).toBe('OK');
  },
);

function periodOf({ properties }: DeployedAlarm): number {
  if (!('Period' in properties)) return 0;
  return (
    properties.Period ??
    Math.max(...(properties.Metrics ?? []).map(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? 0))
  );
}

/**
 * Returns the usual value of a metric that is measured all the time. Undefined for the other metrics, which are written only when
 * something happens.
 */
function usual(title: string, query: MetricQuery): number | undefined {
  if (title === 'ReconcilerBlind') return query.Id === 'looked' ? 1 : undefined;
  if (title === 'HealthCheckStopped') return 1;
  if (title === 'QuotaLow' || title === 'CapacityShort') return 1;
  if (title === 'AccountRefused') return query.Id === 'healthy' ? 1 : undefined;
  if (title === 'AccountUnknown') return query.Id === 'checked' || query.Id === 'answered' ? 1 : undefined;
  if (title === 'DailyCountErrors') return 0;
  return GAUGES.test(metricOf(query).MetricName) ? 0 : undefined;
}

const GAUGES =
  /^(Approximate|CircuitState|CanaryAge|MxCanaryAge|Blocklisted|OperatorSwitch|CredentialAge|SuppressionRise|Submissions|PausedClasses|UnderReview|Reputation)/;

function bad(title: string, alarm: DeployedAlarm, query: MetricQuery): number | undefined {
  const given = BAD[title];
  if (given !== undefined) return given[query.Id];
  if (alarm.kind !== 'metric') return undefined;
  const { Threshold, ComparisonOperator } = alarm.properties;
  return ComparisonOperator.startsWith('Less') ? undefined : Threshold;
}

/** Returns the values of a metric in one minute. For the statistic SampleCount, `value` is the number of these values. */
function valuesOf({ MetricStat }: MetricQuery, value: number): number[] {
  return MetricStat?.Stat === 'SampleCount' ? new Array<number>(value).fill(1) : [value];
}

/** Returns the metrics that an alarm reads. */
function queriesOf(alarm: DeployedAlarm): readonly MetricQuery[] {
  if (alarm.kind !== 'metric') return [];
  const { Metrics, Namespace, MetricName, Dimensions, Period, Statistic, ExtendedStatistic } = alarm.properties;
  if (Metrics !== undefined) return Metrics.filter(({ MetricStat }) => MetricStat !== undefined);
  const Metric = { Namespace: Namespace ?? '', MetricName: MetricName ?? '', Dimensions };
  return [
    {
      Id: 'm',
      MetricStat: { Metric, Period: Period ?? 60, Stat: Statistic ?? ExtendedStatistic ?? '' },
      ReturnData: true,
    },
  ];
}

function metricOf({ MetricStat }: MetricQuery) {
  if (MetricStat === undefined) throw new Error('an expression has no metric');
  return MetricStat.Metric;
}

function titleOf(name: string): string {
  return name.split('/').at(-1) ?? '';
}
