import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { STANDINGS } from '../../lambda/contract/metric-outcomes.ts';
import { graph } from './dashboard.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/** Registers the alarms of the daily count of all submissions, and adds the row for this count to the dashboard. */
export function watchDailyCount(monitoring: Monitoring, dailyCount: LambdaFunction): void {
  const submissions = (outcome: (typeof STANDINGS)[number]) =>
    monitoring.metric('Submissions', 'Maximum', { outcome }, PERIOD);
  monitoring.alarm({
    title: 'Lost',
    severity: 'page',
    meanwhile:
      'Submissions that the sender had received are neither accepted, nor waiting, nor dead-lettered: their queue messages are gone, so they are not sent.',
    action:
      'List the lost submissions with npm run account, and let their producers send them again with the listed ids.',
    metric: submissions('lost'),
    // The function counts the submissions once a day, so there is one value a day. The alarm keeps its state until the next run.
    missing: TreatMissingData.IGNORE,
  });
  monitoring.alarm({
    title: 'DailyCountErrors',
    dependsOnTime: true,
    meanwhile: 'The daily count of all submissions failed, so no alarm would report lost mail. Mail goes out as usual.',
    action:
      'Read the end of the log of the daily count function. The command npm run account makes the same count now.',
    metric: dailyCount.metricErrors({ statistic: 'Sum', period: PERIOD }),
    // The function runs once a day, so most periods have no value. After a failure the alarm keeps its state until the next run.
    missing: TreatMissingData.IGNORE,
  });
  monitoring.row('Is a submission lost?', [
    graph('Submissions of the last 30 days, and lost submissions (right)', 24, {
      left: STANDINGS.filter((one) => one !== 'lost').map((one) => submissions(one).with({ label: one })),
      right: [submissions('lost').with({ label: 'lost' })],
    }),
  ]);
}
