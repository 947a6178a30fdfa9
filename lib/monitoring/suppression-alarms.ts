import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { MIRROR_OUTCOMES } from '../../lambda/contract/metric-outcomes.ts';
import type { MirrorFunction } from '../functions/mirror.ts';
import { graph } from './dashboard.ts';
import { counted } from './metric.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);
/** Period of the alarm SuppressionMirrorFailed. The function runs once a day; a failed run raises the alarm for six hours. */
const RUN_PERIOD = Duration.hours(6);

/** Registers the alarms for the suppression list, and adds the row for the suppression list to the dashboard. */
export function watchSuppressions(
  monitoring: Monitoring,
  mirrored: readonly { readonly key: string }[],
  mirror: MirrorFunction,
): void {
  const providers = mirrored.map(({ key }) => key);
  const runs = (provider: string, outcome: (typeof MIRROR_OUTCOMES)[number]) =>
    monitoring.metric('SuppressionMirrored', 'Sum', { provider, outcome }, RUN_PERIOD);
  const withheld = (provider: string) => monitoring.metric('SuppressionsWithheld', 'Sum', { provider }, PERIOD);
  for (const provider of providers) {
    monitoring.alarm({
      title: 'SuppressionsDoubted',
      provider,
      meanwhile: `${provider} reports far more hard bounces and complaints than the other providers, or has far more new entries on its own list than its mail explains. These reports and entries suppress no address. Mail goes out.`,
      action: `Find out whether the reports of ${provider} are true. If not: npm run suppression -- take-back ${provider}. If so: npm run suppression -- import ${provider} --confirm.`,
      metric: counted(withheld(provider), 'withheld'),
      // Only hard bounces and complaints that suppress no address, since their provider is in doubt, are counted. So missing data
      // means that there were none.
      missing: TreatMissingData.NOT_BREACHING,
    });
    monitoring.alarm({
      title: 'SuppressionMirrorFailed',
      provider,
      meanwhile: `The daily comparison of the suppression list of ${provider} with the suppression list of Mailover failed. Events of ${provider} suppress addresses as usual.`,
      action:
        'Read the line `suppressions mirrored` in the log of the suppression function. Often the key may not read the list of the provider.',
      metric: counted(runs(provider, 'failed'), 'failed'),
      // Only failed runs are counted, and the function runs once a day, so most periods have no value.
      missing: TreatMissingData.NOT_BREACHING,
    });
  }
  monitoring.alarm({
    title: 'SuppressionErrors',
    dependsOnTime: true,
    meanwhile:
      'The suppression function crashes, or exceeds its time-out. Events still suppress addresses, and suppressed addresses get no mail.',
    action:
      'Read the end of the log of the suppression function. If the errors began with a deployment, roll the deployment back.',
    metric: mirror.function.metricErrors({ statistic: 'Sum', period: PERIOD }),
    // Lambda writes no value if there was no invocation; without an invocation there is no error.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.row('Which addresses are suppressed?', [
    graph('Bounces and complaints that suppress no address (provider in doubt)', 12, {
      left: providers.map((key) => withheld(key).with({ label: key })),
    }),
    graph('Daily comparison with the lists of the providers', 12, {
      left: providers.flatMap((key) =>
        MIRROR_OUTCOMES.map((outcome) => runs(key, outcome).with({ label: `${key}: ${outcome}` })),
      ),
    }),
  ]);
}
