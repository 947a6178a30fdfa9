import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { UnsubscribeFunction } from '../functions/unsubscribe.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/** Registers the alarm of the links to unsubscribe. */
export function watchUnsubscribe(monitoring: Monitoring, { function: target, unanswered }: UnsubscribeFunction): void {
  const sum = { statistic: 'Sum', period: PERIOD };
  monitoring.alarm({
    title: 'UnsubscribeFailed',
    meanwhile: 'Recipients try to unsubscribe and cannot: they report the mail as spam instead.',
    action: 'See the error in the log of the function, and the status in the access log: 429 is unsubscribeRate.',
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
    // After a single failure the recipient tries again and succeeds, so two periods must breach the threshold.
    datapoints: 2,
    of: 3,
    // Missing data means that there were no requests, so no request failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
}
