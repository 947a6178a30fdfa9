import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { InboundCanary } from '../../lambda/contract/health-environment.ts';
import type { InboundOutcome } from '../../lambda/contract/metrics.ts';
import { ownMetric } from './metric.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);
const HOUR = Duration.hours(1);

/** Watches a provider whose MX record is not the best: mail over it says that those of `preferred` do not take it. */
export function watchSecondary(monitoring: Monitoring, provider: string, preferred: readonly string[]): void {
  monitoring.alarm({
    title: 'SecondaryMx',
    provider,
    severity: 'ticket',
    meanwhile: `Mail comes over ${provider}, which is not the best MX: the better one refuses connections or answers with 4xx.`,
    action: 'Look at the status page and the account of the better one; swap the preferences if it stays away.',
    metric: counted(provider, 'delivered', PERIOD),
    // Spam prefers the worst MX: a few in five minutes mean nothing. Canaries are counted by themselves.
    threshold: 10,
    datapoints: 2,
    of: 3,
    // No mail over it: as it should be.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'PrimaryMxSilent',
    provider,
    severity: 'ticket',
    meanwhile: `For three hours mail has come over ${provider} only, and none over the better MX.`,
    action: 'Send a mail there by hand; look at the status page and the account of the better one.',
    metric: onlyOver(provider, preferred),
    threshold: 1,
    // Of a domain with little mail: spam over the worst MX in each of three hours, and nothing else, is rare.
    datapoints: 3,
    of: 3,
    // No mail over it: as it should be.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

/** Watches the ways in that canaries prove, each to a subdomain with one MX: the standby's too, which no other mail takes. */
export function watchMxCanaries(monitoring: Monitoring, canaries: readonly InboundCanary[]): void {
  for (const { key: provider, canary } of canaries)
    monitoring.alarm({
      title: 'MxCanaryMissing',
      provider,
      severity: 'ticket',
      meanwhile: `The canaries to the MX of ${provider} alone do not arrive: mail that comes this way is late or lost.`,
      action:
        'If those to the other MX arrive, look at the account, the MX record and the route there; else at what sends.',
      metric: ownMetric('MxCanaryAge', 'Maximum', { provider }, PERIOD),
      // Two canaries are missing, and the second one has had ten minutes for its way.
      threshold: 2 * canary.everyMinutes * 60 + 600,
      datapoints: 1,
      of: 1,
      // The gauge comes each minute; what was known before stays true.
      missing: TreatMissingData.IGNORE,
    });
}

/** Mail over one provider in hours in which none comes over the `preferred`, copies included. */
function onlyOver(provider: string, preferred: readonly string[]): MathExpression {
  const better = preferred.flatMap((key, place) => [
    [`taken${place}`, counted(key, 'delivered', HOUR)] as const,
    [`again${place}`, counted(key, 'duplicate', HOUR)] as const,
  ]);
  return new MathExpression({
    expression: `IF(${better.map(([id]) => `FILL(${id}, 0)`).join(' + ')} > 0, 0, FILL(here, 0))`,
    usingMetrics: { ...Object.fromEntries(better), here: counted(provider, 'delivered', HOUR) },
    label: 'over the secondary alone',
    period: HOUR,
  });
}

function counted(provider: string, outcome: InboundOutcome, period: Duration) {
  return ownMetric('InboundRequests', 'Sum', { provider, outcome }, period);
}
