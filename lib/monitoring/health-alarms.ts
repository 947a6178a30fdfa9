import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { watchCanary } from './canary-alarms.ts';
import type { Monitoring } from './monitoring.ts';
import { watchReputation } from './reputation-alarms.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);

export interface WatchHealthProps {
  /** The sending providers. */
  readonly providers: readonly ProviderConfig[];
  readonly function: LambdaFunction;
  /** Whether a class of mail is paused when its rate of bounces or complaints is above the limit. */
  readonly classesPause: boolean;
}

/** Registers the alarms on the health function itself, and on faults that only the health check detects. */
export function watchHealth(monitoring: Monitoring, props: WatchHealthProps): void {
  monitoring.alarm({
    title: 'HealthCheckStopped',
    dependsOnTime: true,
    meanwhile:
      'The health check does not run. Mail goes out, but no alarm reports a closed account or an open circuit breaker.',
    action:
      'Read the end of the log of the health function, and check that the EventBridge rule of this function is enabled.',
    metric: props.function.metricInvocations({ statistic: 'Sum', period: PERIOD }),
    comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    datapoints: 3,
    of: 3,
    // The function should be invoked five times in each period. Lambda writes no value if there was no invocation, so missing
    // data means that the health check does not run.
    missing: TreatMissingData.BREACHING,
    warmUpMinutes: 20,
  });
  monitoring.alarm({
    title: 'HealthCheckErrors',
    dependsOnTime: true,
    meanwhile:
      'The health function crashes, or exceeds its time-out. Mail goes out, but alarms about accounts and circuit breakers may be wrong.',
    action:
      'Read the end of the log of the health function. If the errors began with a deployment, roll the deployment back.',
    metric: props.function.metricErrors({ statistic: 'Sum', period: PERIOD }),
    // The function runs five times in each period, and one error in a period is tolerated. The failure of a provider is never an
    // error of the function.
    threshold: 2,
    datapoints: 2,
    of: 3,
    // Lambda writes no value if there was no invocation. The alarm HealthCheckStopped reports missing invocations.
    missing: TreatMissingData.NOT_BREACHING,
  });
  if (props.providers.length > 1) watchCapacity(monitoring);
  for (const provider of props.providers) {
    watchProviderAccount(monitoring, provider);
    const { key, canary, blocklists } = provider;
    if (canary) watchCanary(monitoring, key, Duration.minutes(canary.everyMinutes));
    if (blocklists) watchBlocklists(monitoring, key);
  }
  watchReputation(monitoring, props);
}

function watchProviderAccount(monitoring: Monitoring, { key: provider, type }: ProviderConfig): void {
  monitoring.alarm({
    title: 'AccountUnknown',
    dependsOnTime: true,
    provider,
    effectOnRoute: 'failing',
    meanwhile: `For about ten minutes ${provider} has not answered whether our account may send. Mail that ${provider} does not accept goes to the other providers.`,
    action: `Look at the status page of ${provider}, and at the reason in the log of the health function.`,
    metric: new MathExpression({
      // The expression is 1 in these circumstances: the health check ran (it wrote CircuitState), it got no answer about the
      // account (it wrote no AccountHealthy), and no function failed to read a secret or had its AWS credentials refused in this
      // minute.
      expression:
        'IF(FILL(checked, 0) > 0 AND FILL(answered, 0) < 1 AND FILL(secrets, 0) + FILL(credentials, 0) < 1, 1, 0)',
      label: 'account check not answered',
      period: MINUTE,
      usingMetrics: {
        checked: monitoring.metric('CircuitState', 'SampleCount', { provider }, MINUTE),
        answered: monitoring.metric('AccountHealthy', 'SampleCount', { provider }, MINUTE),
        secrets: monitoring.metric('SecretsUnreachable', 'Sum', {}, MINUTE),
        credentials: monitoring.metric('CredentialsRefused', 'Sum', {}, MINUTE),
      },
    }),
    // An outage of a few minutes needs no alarm: the circuit breaker handles it. This alarm is mainly for a standby provider that
    // gets no mail. Eight of ten periods must breach the threshold, since a schedule of one minute may invoke the function twice
    // in one minute and not in the next.
    datapoints: 8,
    of: 10,
    // Missing data means that the health check does not run, which the alarm HealthCheckStopped reports.
    missing: TreatMissingData.NOT_BREACHING,
  });
  if (!definitionOf(type).gauges?.includes('QuotaHeadroom')) return;
  monitoring.alarm({
    title: 'QuotaLow',
    provider,
    meanwhile: `Less than a tenth of the daily quota of ${provider} is left. When the quota is used up, mail goes to the other providers.`,
    action: 'Ask for a higher quota, or find the producer that sends more mail than usual.',
    metric: monitoring.metric('QuotaHeadroom', 'Minimum', { provider }, PERIOD),
    threshold: 0.1,
    comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    datapoints: 1,
    of: 3,
    // The metric has no value while the provider does not answer the health check, which the alarm AccountUnknown reports.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchCapacity(monitoring: Monitoring): void {
  monitoring.alarm({
    title: 'CapacityShort',
    meanwhile:
      'All mail goes out now. If one provider failed, the other providers could not send as much mail in a day as on the busiest day of the last week, so some mail would wait.',
    action:
      'Read the line `capacity short` in the log of the health function: it has the provider and the numbers. Ask another provider for a higher quota, or add a provider.',
    metric: monitoring.metric('SpareCapacity', 'Minimum', {}, PERIOD),
    comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    datapoints: 3,
    of: 3,
    // There is no value if the capacity of the remaining providers has no known limit, if a provider has not reported its quota
    // yet, if no mail was accepted in the last week, or if the counts of the week cannot be read. The alarm then keeps its state.
    missing: TreatMissingData.IGNORE,
  });
}

function watchBlocklists(monitoring: Monitoring, provider: string): void {
  monitoring.alarm({
    title: 'Blocklisted',
    provider,
    meanwhile: `A sending address of ${provider} is on a DNS blocklist. ${provider} accepts mail, but receiving servers may refuse the mail or mark it as spam.`,
    action: `Ask the operator of the blocklist for the reason and for removal. If mail bounces, isolate ${provider}.`,
    metric: monitoring.metric('Blocklisted', 'Maximum', { provider }, Duration.minutes(30)),
    // The blocklists are queried every half hour, and there is no value if no blocklist answers. An address stays listed until
    // the blocklist removes it, so the alarm keeps its state until the next value.
    missing: TreatMissingData.IGNORE,
  });
}
