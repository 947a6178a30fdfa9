import type { Metrics as Emitter } from '@aws-lambda-powertools/metrics';
import type { DeploymentEnvironment } from '../contract/deployment.ts';
import { isMeasured, METRICS, type MetricName } from '../contract/metrics.ts';
import { gatherOutput } from './output.ts';

/** Dimensions of a value: keys of configured providers and words of closed lists only. */
export interface Dimensions {
  readonly provider?: string;
  readonly outcome?: string;
  /** A class with a route that has an expiry. */
  readonly class?: string;
}

/** Collects the measured values of one invocation. */
export interface Metrics {
  /** Ignores dimensions that the definition of the metric does not have. */
  add(name: MetricName, value: number, dimensions?: Dimensions): void;
}

/**
 * Writes the values added since the last flush: one line for each combination of dimensions, regardless of the number
 * of messages.
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
 * CloudWatch, by embedded metric format on standard output, in the namespace of the deployment. Powertools is loaded at the
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
      // Only the sum of a count is ever read: one number per batch instead of one per message.
      else if (unit === 'Count') values[0] = (values[0] ?? 0) + value;
      else values.push(value);
    },
    async flush() {
      if (groups.size === 0) return;
      emitter ??= load(namespace);
      const metrics = await emitter;
      gatherOutput();
      for (const { dimensions, values } of groups.values()) {
        // An empty set is added as well: CloudWatch accepts no metric from an entry without a set of dimensions.
        metrics.addDimensions(dimensions);
        for (const [name, list] of values)
          for (const value of list) {
            // After a hundred values Powertools publishes by itself, and forgets the dimensions.
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

/** The same without the output: each flush makes the lines, and drops them. */
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

/** Loads Powertools, which most functions need only at the end of an invocation. */
async function loadEmitter(namespace: string): Promise<Emitter> {
  const { Metrics } = await import('@aws-lambda-powertools/metrics');
  return withoutService(new Metrics({ namespace, serviceName: 'mailover' }));
}

/** Powertools gives every metric a dimension `service`, which all alarms would have to repeat. */
function withoutService(metrics: Emitter): Emitter {
  metrics.clearDefaultDimensions();
  return metrics;
}
