import { METRICS, type MetricDefinition, type MonitoringSize } from '../../lambda/contract/metrics.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { RouteConfig } from '../../lambda/contract/routes.ts';
import { PRICES } from './prices.ts';
import { possibleSeries } from './series.ts';

export interface CostLine {
  readonly what: string;
  readonly number: number;
  readonly each: number;
  readonly total: number;
}

/** Resources of a template by logical id. */
export type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>;

/**
 * Returns the costs of monitoring in a month; they do not depend on the volume of mail. They are computed from the template and
 * from the metrics that the functions can write.
 *
 * The result is an upper bound. CloudWatch bills a time series only for the hours in which it has a value, and many series have
 * no value for months.
 */
export function watchingCost(
  resources: Resources,
  providers: readonly ProviderConfig[],
  size: MonitoringSize = 'full',
  routes: readonly RouteConfig[] = [],
): readonly CostLine[] {
  const all = Object.values(resources);
  const of = (type: string) => all.filter(({ Type }) => Type === type);
  const alarms = of('AWS::CloudWatch::Alarm');
  const series = possibleSeries(providers, size, routes);
  const daily = series.filter(({ name }) => (METRICS[name] as MetricDefinition).daily);
  return [
    // Metrics from log filters are billed like metrics that a function writes.
    line(
      'series of metrics',
      series.length - daily.length + of('AWS::Logs::MetricFilter').length,
      PRICES.metric.dollars,
    ),
    // CloudWatch bills a time series only for the hours in which it gets a value: a series with one value a day costs 1/24 of the
    // price.
    line('series with a value a day', daily.length, PRICES.metric.dollars / 24),
    // For an alarm on metric math, AWS bills each metric that the expression of the alarm reads.
    line(`metrics read by ${alarms.length} alarms`, sum(alarms.map(metricsOf)), PRICES.alarmMetric.dollars),
    line('composite alarms', of('AWS::CloudWatch::CompositeAlarm').length, PRICES.compositeAlarm.dollars),
    line('dashboards', of('AWS::CloudWatch::Dashboard').length, PRICES.dashboard.dollars),
    line('keys', of('AWS::KMS::Key').length, PRICES.key.dollars),
  ];
}

/** Returns the sum of the lines, in dollars a month. */
export function totalOf(lines: readonly CostLine[]): number {
  return sum(lines.map(({ total }) => total));
}

/** Creates one line of the list of costs. */
export function line(what: string, number: number, each: number): CostLine {
  return { what, number, each, total: number * each };
}

function metricsOf({ Properties }: { readonly Properties?: unknown }): number {
  const { Metrics } = Properties as { readonly Metrics?: readonly { readonly MetricStat?: unknown }[] };
  return Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
