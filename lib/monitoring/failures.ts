import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { ownMetric } from './metric.ts';

/** Below this many attempts in a period a share says nothing: one failure of three would be a third. */
const FLOOR = 20;

/** From this share of failures on a provider counts as failing, in percent. */
export const FAILING_PERCENT = 25;

/** From this share on, in percent, and this number, some failures are more than the usual accidents. */
const SOME = { percent: 3, number: 3 } as const;

/** From this share of lost answers on, in percent of at least {@link FLOOR}, or this number, a provider loses answers. */
const LOST = { percent: 2, number: 3 } as const;

const FAILED = '(FILL(outage, 0) + FILL(account, 0) + FILL(unknown, 0) + FILL(open, 0))';
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
 * How many attempts failed with an outage, if they are more than accidents.
 *
 * Accounts, lost answers and open circuits have alarms of their own.
 */
export function someFailures(provider: string, period: Duration): IMetric {
  const attempts = (outcome: string) => ownMetric('Attempts', 'Sum', { provider, outcome }, period);
  const share = `100 * FILL(outage, 0) >= ${SOME.percent} * (FILL(accepted, 0) + FILL(outage, 0))`;
  return new MathExpression({
    expression: `IF(FILL(outage, 0) >= ${SOME.number} AND ${share}, FILL(outage, 0), 0)`,
    label: 'failed',
    period,
    usingMetrics: { accepted: attempts('accepted'), outage: attempts('outage') },
  });
}

/**
 * What the circuit counts too: throttling, refused messages and refused senders are no failure, and neither is a wait for an
 * answer or for a slot. What an open circuit keeps away counts as failed, or an outage would end in the eyes of this metric when the
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
      open: ownMetric('Skipped', 'Sum', { provider, outcome: 'circuit-open' }, period),
    },
  });
}

/** How many answers of a provider were lost, if they are some in number, or a share of enough mail. */
export function lostAnswers(provider: string, period: Duration): IMetric {
  const attempts = (outcome: string) => ownMetric('Attempts', 'Sum', { provider, outcome }, period);
  const all = '(FILL(accepted, 0) + FILL(outage, 0) + FILL(unknown, 0))';
  const share = `${all} >= ${FLOOR} AND 100 * FILL(unknown, 0) >= ${LOST.percent} * ${all}`;
  return new MathExpression({
    expression: `IF(FILL(unknown, 0) >= ${LOST.number} OR (${share}), FILL(unknown, 0), 0)`,
    label: 'answers lost',
    period,
    usingMetrics: { accepted: attempts('accepted'), outage: attempts('outage'), unknown: attempts('unknown') },
  });
}

/** In the small size: everything that speaks against a provider, if it is more than accidents. */
export function faults(provider: string, period: Duration): IMetric {
  const all = '(FILL(accepted, 0) + FILL(faults, 0))';
  const enough = `FILL(faults, 0) >= ${SOME.number} AND 100 * FILL(faults, 0) >= ${SOME.percent} * ${all}`;
  return new MathExpression({
    expression: `IF(${enough}, FILL(faults, 0), 0)`,
    label: 'faults',
    period,
    usingMetrics: {
      accepted: ownMetric('Attempts', 'Sum', { provider, outcome: 'accepted' }, period),
      faults: ownMetric('Faults', 'Sum', { provider }, period),
    },
  });
}
