import { Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { HELD_OUTCOMES } from '../../lambda/contract/metric-outcomes.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { ReputationMetric } from '../../lambda/providers/provider.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { graph } from './dashboard.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);
/** Period of the alarms on reputation. AWS writes the metrics of the reputation at SES several times an hour. */
const VENDOR_PERIOD = Duration.hours(1);

/**
 * Registers the alarms on paused classes of mail, on reviews of an account by its provider, and on the rates of bounces and
 * complaints that a provider measures for the whole account. Adds the row for these rates and pauses to the dashboard.
 */
export function watchReputation(
  monitoring: Monitoring,
  { providers, classesPause }: { readonly providers: readonly ProviderConfig[]; readonly classesPause: boolean },
): void {
  if (classesPause) watchPauses(monitoring);
  for (const { key, type } of providers)
    if (definitionOf(type).gauges?.includes('UnderReview')) watchReview(monitoring, key);
  const measured = providers.flatMap(({ key, type, options }) => {
    const { reputation } = definitionOf(type);
    // A CloudWatch alarm can read only the metrics of its own region.
    return reputation && reputation.region(options) === undefined ? [{ key, metrics: reputation.metrics }] : [];
  });
  for (const { key, metrics } of measured) for (const one of metrics) watchRate(monitoring, key, one);
  const rates = measured.flatMap(({ key, metrics }) =>
    metrics.map((one) => vendorMetric(one).with({ label: `${key}: ${one.of}` })),
  );
  if (classesPause || rates.length > 0)
    monitoring.row('Bounces, complaints and paused classes', [
      ...(classesPause
        ? [
            graph('Tries that left mail waiting (class paused, address unverified), and paused classes (right)', 12, {
              left: HELD_OUTCOMES.map((outcome) =>
                monitoring.metric('HeldBack', 'Sum', { outcome }).with({ label: outcome }),
              ),
              right: [monitoring.metric('PausedClasses', 'Maximum').with({ label: 'paused' })],
            }),
          ]
        : []),
      ...(rates.length > 0
        ? [graph('Rates of bounces and complaints that the provider measures, from 0 to 1', 12, { left: rates })]
        : []),
    ]);
}

function watchPauses(monitoring: Monitoring): void {
  monitoring.alarm({
    title: 'ClassPaused',
    small: true,
    meanwhile:
      'Too much mail of a class bounced, or too many of its recipients complained. Mail of this class waits until it expires; all other mail goes out.',
    action:
      'Find the class with `npm run account`, and repair the list of addresses of this class. Then run npm run release -- --class NAME.',
    metric: monitoring.metric('PausedClasses', 'Maximum', {}, PERIOD),
    // The metric has a value each minute. Without a value, the paused classes of mail are assumed to be unchanged, so the alarm
    // keeps its state.
    missing: TreatMissingData.IGNORE,
  });
}

function watchReview(monitoring: Monitoring, provider: string): void {
  monitoring.alarm({
    title: 'UnderReview',
    provider,
    meanwhile: `${provider} reviews our account. It still accepts mail, but it may stop the account without further notice.`,
    action: `Read the reason in the console of ${provider}, repair the cause and answer. Meanwhile send all mail through the other providers: npm run isolate -- ${provider} --reason TEXT.`,
    metric: monitoring.metric('UnderReview', 'Maximum', { provider }, PERIOD),
    // The metric has no value while the provider does not answer the health check. A review lasts for days, so the alarm then
    // keeps its state.
    missing: TreatMissingData.IGNORE,
  });
}

function watchRate(monitoring: Monitoring, provider: string, metric: ReputationMetric): void {
  monitoring.alarm({
    title: metric.title,
    provider,
    meanwhile: `The rate of ${metric.of} of all mail of our account at ${provider} is near the limit from which ${provider} reviews the account. Mail goes out.`,
    action: `Find the mail that causes the ${metric.of}: look at the classes in the delivery events, and at programs that use the account without Mailover.`,
    metric: vendorMetric(metric),
    threshold: metric.alarmFrom,
    // AWS writes no value while the account sends no mail. The rate is then unchanged, so the alarm keeps its state.
    missing: TreatMissingData.IGNORE,
  });
}

function vendorMetric({ namespace, name }: ReputationMetric): Metric {
  return new Metric({ namespace, metricName: name, statistic: 'Maximum', period: VENDOR_PERIOD });
}
