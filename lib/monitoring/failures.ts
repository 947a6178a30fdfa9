import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { ownMetric } from './metric.ts';

/** Below this many attempts in a period a share says nothing: one failure of three would be a third. */
const FLOOR = 20;

/** From this share of failures on a provider counts as failing, in percent. */
export const FAILING_PERCENT = 25;

const FAILED = '(FILL(outage, 0) + FILL(account, 0) + FILL(unknown, 0) + FILL(skipped, 0))';
const TOTAL = `(FILL(accepted, 0) + ${FAILED})`;

/** The share of mail, in percent, that a provider failed to take; 0 below {@link FLOOR}. */
export function failureRate(provider: string, period: Duration): IMetric {
  return expression(provider, period, `IF(${TOTAL} >= ${FLOOR}, 100 * ${FAILED} / ${TOTAL}, 0)`, 'failed, %');
}

/** How many mails a provider failed to take, if they are at least half of all and all are fewer than {@link FLOOR}. */
export function failureCount(provider: string, period: Duration): IMetric {
  const few = `${TOTAL} < ${FLOOR} AND 2 * ${FAILED} >= ${TOTAL}`;
  return expression(provider, period, `IF(${few}, ${FAILED}, 0)`, 'failed');
}

/**
 * Whoever the outcome blames: throttling and refused messages are none of these, as the circuit does not count them
 * either. What an open circuit keeps away counts as failed, or an outage would end in the eyes of this metric when the
 * circuit opens.
 */
function expression(provider: string, period: Duration, text: string, label: string): IMetric {
  const attempts = (outcome: string) => ownMetric('Attempts', 'Sum', { provider, outcome }, period);
  return new MathExpression({
    expression: text,
    label,
    period,
    usingMetrics: {
      accepted: attempts('accepted'),
      outage: attempts('outage'),
      account: attempts('account'),
      unknown: attempts('unknown'),
      skipped: ownMetric('SkippedOpen', 'Sum', { provider }, period),
    },
  });
}
