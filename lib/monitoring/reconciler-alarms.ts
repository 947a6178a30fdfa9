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
      meanwhile:
        'The reconciler could not fetch a received mail completely, so the inbound queue has a notice in place of this mail.',
      action:
        'Find the mail at the provider by the id in the notice. If the provider does not have the mail, ask its sender to send it again.',
      metric: counted(runs('notice'), 'notices'),
      // Each mail that is replaced by a notice is counted, so missing data means that there was no such mail.
      missing: TreatMissingData.NOT_BREACHING,
    });
    monitoring.alarm({
      title: 'InboundMissed',
      dependsOnTime: true,
      provider,
      meanwhile:
        'The provider received a mail, but did not post it to Mailover successfully. The reconciler fetched this mail, or asked the provider to post it again.',
      action:
        'Find the cause: the receiver function was down, the URL at the provider is wrong, or the mail was too large.',
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
        'The reconciler cannot ask the provider which received mail did not arrive. Mail that the provider posts is received as usual.',
      action:
        'Read the log of the reconciler: either the key may not read the list of mail, or the provider does not answer.',
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
      meanwhile: `For two hours the reconciler has not checked all mail of ${provider}. Mail that did not arrive is found late, and after three days it is not found at all.`,
      action:
        'Read the lines `left for a later run` in the log of the reconciler: they have the reason. Without such lines, the provider receives too much mail.',
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
      meanwhile: `The reconciler did not check some mail of ${provider} within three days, and will not check it any more. If this mail did not arrive, it may be lost.`,
      action:
        'Compare the list of received mail at the provider with the mail that arrived since the last complete check.',
      metric: counted(runs('skipped'), 'skipped'),
      // Only runs that left out mail because of its age are counted, so missing data means that there was no such run.
      missing: TreatMissingData.NOT_BREACHING,
    });
  }
}
