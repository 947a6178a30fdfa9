import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { InboundCanary } from '../../lambda/contract/health-environment.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/** Alarm on the canaries that are sent over a provider at this interval. */
export function watchCanary(monitoring: Monitoring, provider: string, every: Duration): void {
  monitoring.alarm({
    title: 'CanaryMissing',
    dependsOnTime: true,
    provider,
    severity: 'ticket',
    meanwhile: `The canaries sent over ${provider} do not return, or return hours late: it accepts no mail, does not deliver it, or receiving is broken.`,
    action: `Look at the attempts of the canaries, then whether mail over the other receiving provider arrives.`,
    metric: monitoring.metric('CanaryAge', 'Maximum', { provider }, PERIOD),
    // Two canaries are missing, and the second has had ten minutes to arrive.
    threshold: 2 * every.toSeconds() + 600,
    datapoints: 1,
    of: 1,
    // The gauge has a value each minute unless an operator isolates the provider; without a value the state of the
    // alarm is kept.
    missing: TreatMissingData.IGNORE,
  });
}

/** Alarms on inbound canaries, each to a subdomain with one MX, including a standby's, which other mail does not use. */
export function watchMxCanaries(monitoring: Monitoring, canaries: readonly InboundCanary[]): void {
  for (const { key: provider, canary } of canaries)
    monitoring.alarm({
      title: 'MxCanaryMissing',
      dependsOnTime: true,
      provider,
      severity: 'ticket',
      meanwhile: `The canaries to the MX of ${provider} alone do not arrive: mail over this MX is late or lost.`,
      action:
        'If the canaries to the other MX arrive, look at the account, the MX record and the route of this provider; otherwise at the sending provider.',
      metric: monitoring.metric('MxCanaryAge', 'Maximum', { provider }, PERIOD),
      // Two canaries are missing, and the second has had ten minutes to arrive.
      threshold: 2 * canary.everyMinutes * 60 + 600,
      datapoints: 1,
      of: 1,
      // The gauge has a value each minute; without one the state of the alarm is kept.
      missing: TreatMissingData.IGNORE,
    });
}
