import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { InboundOutcome } from '../../lambda/contract/metric-outcomes.ts';
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);
const HOUR = Duration.hours(1);

/**
 * Registers the alarms for a provider whose MX is not the most preferred. If much mail arrives through this provider, the
 * `preferred` providers probably accept no mail. `preferred` has the keys of the providers with the most preferred MX.
 */
export function watchSecondary(monitoring: Monitoring, provider: string, preferred: readonly string[]): void {
  monitoring.alarm({
    title: 'SecondaryMx',
    provider,
    meanwhile: `Much mail arrives through ${provider}, whose MX is not the preferred MX: the preferred MX probably refuses connections, or answers with 4xx.`,
    action:
      'Look at the status page and the account of the provider of the preferred MX. If this provider stays down, swap the MX preferences.',
    metric: counted(monitoring, provider, 'delivered', PERIOD),
    // Senders of spam often choose the least preferred MX, so fewer than ten mails in five minutes are normal. Canaries are
    // counted under another outcome.
    threshold: 10,
    datapoints: 2,
    of: 3,
    // Missing data means that no mail arrived through this provider, which is the normal state.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'PrimaryMxSilent',
    provider,
    meanwhile: `For three hours mail has arrived through ${provider}, and no mail through the preferred MX.`,
    action:
      'Send a mail to the preferred MX by hand. Look at the status page and the account of the provider of the preferred MX.',
    metric: onlyOver(monitoring, provider, preferred),
    // Even at a domain with little mail, it is rare that in each of three hours the only mail is spam, which arrives through the
    // least preferred MX.
    datapoints: 3,
    of: 3,
    // Missing data means that no mail arrived through this provider, which is the normal state.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

/**
 * Returns a metric with a value for each hour: the number of mails that arrived through one provider. The value is 0 if in this
 * hour a mail, new or repeated, arrived through one of the `preferred` providers.
 */
function onlyOver(monitoring: Monitoring, provider: string, preferred: readonly string[]): MathExpression {
  const better = preferred.flatMap((key, place) => [
    [`taken${place}`, counted(monitoring, key, 'delivered', HOUR)] as const,
    [`again${place}`, counted(monitoring, key, 'duplicate', HOUR)] as const,
  ]);
  return new MathExpression({
    expression: `IF(${better.map(([id]) => `FILL(${id}, 0)`).join(' + ')} > 0, 0, FILL(here, 0))`,
    usingMetrics: { ...Object.fromEntries(better), here: counted(monitoring, provider, 'delivered', HOUR) },
    label: 'over the secondary alone',
    period: HOUR,
  });
}

function counted(monitoring: Monitoring, provider: string, outcome: InboundOutcome, period: Duration) {
  return monitoring.metric('InboundRequests', 'Sum', { provider, outcome }, period);
}
