import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { METRICS, type MetricName } from '../../lambda/contract/metrics.ts';
import type { Dimensions } from '../../lambda/platform/metrics.ts';

/** A CloudWatch statistic, computed from the values of one period. */
export type Statistic = 'Sum' | 'Maximum' | 'Minimum' | 'Average' | 'SampleCount' | 'p50' | 'p95';

/**
 * Returns a count that is 0 for a period without values. If CloudWatch finds no values in the periods of an alarm, it evaluates
 * earlier values instead. An alarm on rare events would then stay raised for longer than its periods.
 */
export function counted(metric: Metric, label: string): IMetric {
  return new MathExpression({
    expression: 'FILL(counted, 0)',
    label,
    period: metric.period,
    usingMetrics: { counted: metric },
  });
}

/**
 * Returns a metric that the functions of a deployment write, from the same definition that the functions use. `namespace` is the
 * name of the deployment; the default period is five minutes.
 *
 * @throws Error if a dimension is missing: such a metric would have no data, and its alarm would never be raised
 */
export function ownMetric(
  namespace: string,
  name: MetricName,
  statistic: Statistic,
  dimensions: Dimensions = {},
  period: Duration = Duration.minutes(5),
): Metric {
  const missing = METRICS[name].by.filter((dimension) => dimensions[dimension] === undefined);
  if (missing.length > 0) throw new Error(`metric ${name} needs ${missing.join(' and ')}`);
  return new Metric({
    namespace,
    metricName: name,
    statistic,
    period,
    dimensionsMap: Object.fromEntries(
      METRICS[name].by.map((dimension) => [dimension, dimensions[dimension] as string]),
    ),
  });
}
