import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { InboundCanary } from '../../lambda/contract/health-environment.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/** Registers the alarm on canaries (test mails) that are sent through a provider, one in each interval `every`. */
export function watchCanary(monitoring: Monitoring, provider: string, every: Duration): void {
  monitoring.alarm({
    title: 'CanaryMissing',
    dependsOnTime: true,
    provider,
    meanwhile: `The canaries (test mails) sent through ${provider} do not return, or return hours late: ${provider} does not accept or deliver mail, or Mailover cannot receive mail.`,
    action: `Read the attempts of the canaries in the log of the sender. If canaries through other providers are missing too, Mailover cannot receive mail.`,
    metric: monitoring.metric('CanaryAge', 'Maximum', { provider }, PERIOD),
    // The alarm is raised when two consecutive canaries are missing, ten minutes after the second canary was sent.
    threshold: 2 * every.toSeconds() + 600,
    // The metric has a value each minute, except while an operator isolates the provider, and in the stage `sandbox`. Without a
    // value the alarm keeps its state.
    missing: TreatMissingData.IGNORE,
  });
}

/**
 * Registers the alarms on inbound canaries: test mails to a subdomain whose only MX is one receiving provider. So a standby
 * provider is also tested, although other mail does not use its MX.
 */
export function watchMxCanaries(monitoring: Monitoring, canaries: readonly InboundCanary[]): void {
  for (const { key: provider, canary } of canaries)
    monitoring.alarm({
      title: 'MxCanaryMissing',
      dependsOnTime: true,
      provider,
      meanwhile: `The canaries (test mails) to the MX of ${provider} do not arrive: mail that other servers send to this MX is late or lost.`,
      action: `If canaries to another MX arrive, check the account, the MX record and the route of ${provider}. Otherwise check the sending providers and the receiver function.`,
      metric: monitoring.metric('MxCanaryAge', 'Maximum', { provider }, PERIOD),
      // The alarm is raised when two consecutive canaries are missing, ten minutes after the second canary was sent.
      threshold: 2 * canary.everyMinutes * 60 + 600,
      // The metric has a value each minute, except in the stage `sandbox`. Without a value the alarm keeps its state.
      missing: TreatMissingData.IGNORE,
    });
}
