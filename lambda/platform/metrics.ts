import type { Metrics as Emitter } from '@aws-lambda-powertools/metrics';
import { METRICS, type MetricName, NAMESPACE } from '../contract/metrics.ts';

/** What a value is counted under; keys of configured providers and words of a closed list only. */
export interface Dimensions {
  readonly provider?: string;
  readonly outcome?: string;
}

/** Takes the measured values of one invocation. */
export interface Metrics {
  add(name: MetricName, value: number, dimensions?: Dimensions): void;
}

/** Writes what was added since the last flush: one line for each combination of dimensions, however much mail there was. */
export interface FlushedMetrics extends Metrics {
  flush(): Promise<void>;
}

interface Value {
  readonly name: MetricName;
  readonly value: number;
}

/** CloudWatch, by embedded metric format on standard output. Powertools is loaded at the first flush. */
export function emfMetrics(): FlushedMetrics {
  const emitters = new Map<string, Emitter>();
  const added = new Map<string, { readonly dimensions: Dimensions; readonly values: Value[] }>();
  return {
    add(name, value, dimensions = {}) {
      const key = `${dimensions.provider ?? ''} ${dimensions.outcome ?? ''}`;
      const group = added.get(key) ?? { dimensions, values: [] };
      group.values.push({ name, value });
      added.set(key, group);
    },
    async flush() {
      if (added.size === 0) return;
      const { Metrics } = await import('@aws-lambda-powertools/metrics');
      for (const [key, { dimensions, values }] of added) {
        const emitter = emitters.get(key) ?? new Metrics({ namespace: NAMESPACE, serviceName: 'mailover' });
        emitters.set(key, emitter);
        emitter.addDimensions({ ...dimensions });
        for (const { name, value } of values) emitter.addMetric(name, METRICS[name].unit, value);
        emitter.publishStoredMetrics();
      }
      added.clear();
    },
  };
}
