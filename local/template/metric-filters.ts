import type { EachResource, Properties } from './resources.ts';

/** A metric filter of the template. Each line of the log group that matches the pattern adds `value` to a metric. */
export interface DeployedMetricFilter {
  readonly logGroup: string;
  readonly pattern: string;
  readonly namespace: string;
  readonly name: string;
  readonly value: number;
}

/** Reads the metric filters of a template. Throws on a filter whose value is not a fixed number. */
export function readMetricFilters(each: EachResource): DeployedMetricFilter[] {
  return each('AWS::Logs::MetricFilter', (properties, filter) => {
    const [transformation = {}] = properties['MetricTransformations'] as readonly Properties[];
    const value = Number(transformation['MetricValue']);
    if (!Number.isFinite(value))
      throw new Error(`metric filter ${filter}: the local stack supports only a fixed value`);
    return {
      logGroup: String(properties['LogGroupName']),
      pattern: String(properties['FilterPattern']),
      namespace: String(transformation['MetricNamespace']),
      name: String(transformation['MetricName']),
      value,
    };
  });
}
