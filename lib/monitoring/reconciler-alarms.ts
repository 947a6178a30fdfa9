import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { counted } from './metric.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/**
 * Registers the alarms on received mail that the reconciler function found missing, and on runs of this function that are
 * missing, failed or incomplete. `providers` has the keys of the providers that the reconciler asks.
 */
export function watchReconciler(monitoring: Monitoring, providers: readonly string[]): void {
  for (const provider of providers) {
    const runs = (outcome: string) => monitoring.metric('InboundReconciled', 'Sum', { provider, outcome }, PERIOD);
    monitoring.alarm({
      title: 'InboundNotice',
      provider,
      meanwhile: 'A received mail is on the inbound queue only as a notice: its attachments are not available.',
      action:
        'Find it at the provider by the id in the notice; ask its sender to repeat it if it is missing there too.',
      metric: counted(runs('notice'), 'notices'),
      // Each mail that is replaced by a notice is counted, so missing data means that there was no such mail.
      missing: TreatMissingData.NOT_BREACHING,
    });
    monitoring.alarm({
      title: 'InboundMissed',
      dependsOnTime: true,
      provider,
      meanwhile: 'Received mail did not arrive; the reconciler has fetched it, or asked the provider to post it again.',
      action: 'Find out why: an endpoint that was down, a wrong URL at the provider, mail above the limit of Lambda.',
      metric: new MathExpression({
        expression: 'FILL(recovered, 0) + FILL(asked, 0)',
        usingMetrics: { recovered: runs('recovered'), asked: runs('asked') },
        label: 'mail that did not arrive by itself',
        period: PERIOD,
      }),
      // Each mail that did not arrive by itself is counted, so missing data means that there was no such mail.
      missing: TreatMissingData.NOT_BREACHING,
    });
    monitoring.alarm({
      title: 'ReconcilerBlind',
      dependsOnTime: true,
      provider,
      meanwhile:
        'The reconciler does not look for received mail that did not arrive; mail that arrives by itself is not affected.',
      action: 'Read the log of the reconciler: a key that may not read, or a provider that does not answer.',
      metric: new MathExpression({
        expression: 'FILL(looked, 0) + FILL(behind, 0)',
        usingMetrics: { looked: runs('looked'), behind: runs('behind') },
        label: 'runs that could look',
        period: Duration.minutes(15),
      }),
      threshold: 0,
      comparison: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      // Two periods (half an hour) must breach the threshold, since the next run repeats the work of a failed run.
      datapoints: 2,
      of: 2,
      // Each successful run writes a value. Missing data means that all runs failed, or that there was no run.
      missing: TreatMissingData.BREACHING,
      warmUpMinutes: 40,
    });
    monitoring.alarm({
      title: 'ReconcilerBehind',
      dependsOnTime: true,
      provider,
      meanwhile: `For two hours no check of the mail of ${provider} was complete: mail that did not arrive is found late, and after three days not at all.`,
      action:
        'Read its log, which has the reason for each mail that was left for a later run; without such lines there is too much mail.',
      metric: monitoring.metric('InboundReconciled', 'Sum', { provider, outcome: 'behind' }, Duration.minutes(15)),
      // After the first deployment, or after an outage, up to three days of mail must be checked. This may take many runs, which
      // together may take hours.
      datapoints: 8,
      of: 8,
      // Only incomplete runs are counted, so missing data means that no run was incomplete.
      missing: TreatMissingData.NOT_BREACHING,
    });
    monitoring.alarm({
      title: 'ReconcilerSkipped',
      provider,
      meanwhile: `Mail of ${provider} became older than three days before the reconciler checked whether it arrived; it will not be checked any more.`,
      action: 'Compare the list of the provider with the mail that arrived since the last complete check.',
      metric: counted(runs('skipped'), 'skipped'),
      // Only runs that left out mail because of its age are counted, so missing data means that there was no such run.
      missing: TreatMissingData.NOT_BREACHING,
    });
  }
}
