import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { STANDINGS } from '../../lambda/contract/metric-outcomes.ts';
import { graph } from './dashboard.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/** Registers the alarms of the daily account, and its row of the dashboard. */
export function watchAccount(monitoring: Monitoring, account: LambdaFunction): void {
  const submissions = (outcome: (typeof STANDINGS)[number]) =>
    monitoring.metric('Submissions', 'Maximum', { outcome }, PERIOD);
  monitoring.alarm({
    title: 'Lost',
    severity: 'page',
    meanwhile:
      'Submissions that were taken from a queue are neither accepted, nor waiting, nor dead letters: their messages are gone.',
    action: 'List them with npm run account, and let their producers send them again.',
    metric: submissions('lost'),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // One value a day: until the next account says otherwise, they are lost.
    missing: TreatMissingData.IGNORE,
  });
  monitoring.alarm({
    title: 'AccountErrors',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile:
      'The daily account of all submissions failed, so lost mail would not be noticed. Mail goes out as usual.',
    action: 'Read the end of its log; npm run account takes it on demand.',
    metric: account.metricErrors({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // One run a day: until the next one, the last account failed.
    missing: TreatMissingData.IGNORE,
  });
  monitoring.row('Is every submission accounted for?', [
    graph('Submissions of 30 days, and lost ones (right)', 24, {
      left: STANDINGS.filter((one) => one !== 'lost').map((one) => submissions(one).with({ label: one })),
      right: [submissions('lost').with({ label: 'lost' })],
    }),
  ]);
}
