import type { Metrics } from '@aws-lambda-powertools/metrics';

/** Counts an event of one provider. */
export type Count = (metric: 'Contradictions', provider: string) => void;

let metrics: Promise<Metrics> | undefined;

/** CloudWatch, by embedded metric format; loaded at the first use, since what it counts is rare. */
export const emfCount: Count = (metric, provider) => {
  metrics ??= import('@aws-lambda-powertools/metrics').then(
    ({ Metrics }) => new Metrics({ namespace: 'Mailover', serviceName: 'mailover' }),
  );
  void metrics.then((emitter) => {
    const single = emitter.singleMetric();
    single.addDimension('provider', provider);
    single.addMetric(metric, 'Count', 1);
  });
};
