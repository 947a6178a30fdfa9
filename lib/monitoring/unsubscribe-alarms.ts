import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { UnsubscribeFunction } from '../functions/unsubscribe.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/** Registers the alarm on requests to the links to unsubscribe that fail. */
export function watchUnsubscribe(monitoring: Monitoring, { function: target, unanswered }: UnsubscribeFunction): void {
  const sum = { statistic: 'Sum', period: PERIOD };
  monitoring.alarm({
    title: 'UnsubscribeFailed',
    meanwhile: 'Links to unsubscribe fail. Recipients who cannot unsubscribe get more mail, and may report it as spam.',
    action:
      'Read the error in the log of the unsubscribe function, and the status in the access log: 429 means more requests than unsubscribeRate allows.',
    metric: new MathExpression({
      expression: 'FILL(failures, 0) + FILL(errors, 0) + FILL(away, 0)',
      label: 'failed',
      period: PERIOD,
      usingMetrics: {
        failures: monitoring.metric('UnsubscribeFailures', 'Sum', {}, PERIOD),
        errors: target.metricErrors(sum),
        away: unanswered.turnedAway.metric(sum),
      },
    }),
    // Two periods must breach the threshold, since after a single failure the recipient can try again.
    datapoints: 2,
    of: 3,
    // Missing data means that the function was not invoked and the API refused no request, so no request failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
}
