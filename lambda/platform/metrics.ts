import type { Metrics as Emitter } from '@aws-lambda-powertools/metrics';
import type { DeploymentEnvironment } from '../contract/deployment.ts';
import { isMeasured, METRICS, type MetricName } from '../contract/metrics.ts';
import { gatherOutput } from './output.ts';

/**
 * CloudWatch dimensions of a metric value. `provider` is the key of a configured provider, and `outcome` is a word from a fixed
 * list.
 */
export interface Dimensions {
  readonly provider?: string;
  readonly outcome?: string;
  /** Class of mail of the submission; set only for a class whose route has an expiry. */
  readonly class?: string;
}

/** Collects the metric values that are measured in one Lambda invocation. */
export interface Metrics {
  /** Adds a value of a metric. Dimensions that are not in the definition of the metric are ignored. */
  add(name: MetricName, value: number, dimensions?: Dimensions): void;
}

/**
 * Metrics with a method `flush`, which writes the values that were added since the last flush. It writes one log line for each
 * combination of dimensions, or several lines if a metric has more than 100 values.
 */
export interface FlushedMetrics extends Metrics {
  flush(): Promise<void>;
}

type MetricsOptions = Pick<DeploymentEnvironment, 'name' | 'monitoringSize'>;

interface Group {
  readonly dimensions: Record<string, string>;
  readonly values: Map<MetricName, number[]>;
}

/**
 * Returns metrics that are written to standard output in CloudWatch's embedded metric format, in the namespace of the deployment.
 * A value that is not measured with this `monitoringSize` is ignored. The library Powertools for AWS Lambda is loaded at the
 * first flush.
 */
export function emfMetrics(
  { name: namespace, monitoringSize = 'full' }: MetricsOptions,
  load: typeof loadEmitter = loadEmitter,
): FlushedMetrics {
  let emitter: Promise<Emitter> | undefined;
  const groups = new Map<string, Group>();
  return {
    add(name, value, given = {}) {
      if (!isMeasured(monitoringSize, name, given.outcome)) return;
      const { by, unit } = METRICS[name];
      const key = by.map((dimension) => `${dimension}=${given[dimension]}`).join(' ');
      const group = groups.get(key) ?? {
        dimensions: Object.fromEntries(by.map((dimension) => [dimension, given[dimension] ?? 'none'])),
        values: new Map<MetricName, number[]>(),
      };
      groups.set(key, group);
      const values = group.values.get(name);
      if (!values) group.values.set(name, [value]);
      // Alarms and the dashboard use only the sum of a count. Therefore one number for all messages of a batch is enough.
      else if (unit === 'Count') values[0] = (values[0] ?? 0) + value;
      else values.push(value);
    },
    async flush() {
      if (groups.size === 0) return;
      emitter ??= load(namespace);
      const metrics = await emitter;
      gatherOutput();
      for (const { dimensions, values } of groups.values()) {
        // An empty set of dimensions is also added, since CloudWatch ignores the metrics of a log line without a set of dimensions.
        metrics.addDimensions(dimensions);
        for (const [name, list] of values)
          for (const value of list) {
            // After a hundred values, Powertools publishes the metrics by itself and clears the dimensions. The dimensions are
            // then added again.
            if (!metrics.hasStoredMetrics()) {
              metrics.clearDimensions();
              metrics.addDimensions(dimensions);
            }
            metrics.addMetric(name, METRICS[name].unit, value);
          }
        if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
        else metrics.clearDimensions();
      }
      groups.clear();
    },
  };
}

/**
 * Returns metrics without output. When a new process starts, it handles a sample mail to warm up its code, and uses these metrics. Each
 * flush creates the same lines as `emfMetrics`, and then discards them.
 */
export function quietMetrics(options: MetricsOptions): FlushedMetrics {
  return emfMetrics(options, async (namespace) => {
    const { Metrics } = await import('@aws-lambda-powertools/metrics');
    const Quiet = class extends Metrics {
      override publishStoredMetrics(): this {
        this.serializeMetrics();
        this.clearMetrics();
        this.clearDimensions();
        return this;
      }
    };
    return withoutService(new Quiet({ namespace, serviceName: 'mailover' }));
  });
}

async function loadEmitter(namespace: string): Promise<Emitter> {
  const { Metrics } = await import('@aws-lambda-powertools/metrics');
  return withoutService(new Metrics({ namespace, serviceName: 'mailover' }));
}

/**
 * Removes the dimension `service`, which Powertools adds by default. If the values had this dimension, every alarm would have to
 * name it also.
 */
function withoutService(metrics: Emitter): Emitter {
  metrics.clearDefaultDimensions();
  return metrics;
}
