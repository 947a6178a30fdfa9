import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { ATTEMPT_OUTCOMES, SAYS_OF_PROVIDER } from '../../lambda/contract/metric-outcomes.ts';
import type { Monitoring } from './monitoring.ts';

/**
 * A failure rate is computed only for a period with at least this number of attempts. With only three attempts, a single failure
 * would already be a failure rate of 33 %.
 */
const FLOOR = 20;

/** Failure rate, in percent, from which a provider counts as failing. */
export const FAILING_PERCENT = 25;

/**
 * The alarms SomeFailures and Faults are raised if the failures of a provider reach both limits: this rate, in percent, and this
 * number.
 */
const SOME = { percent: 3, number: 3 } as const;

/**
 * Lost answers raise an alarm if they reach this number, or if they reach this rate, in percent, of at least {@link FLOOR}
 * attempts.
 */
const LOST = { percent: 2, number: 3 } as const;

/** Outcomes of an attempt that count as a failure of the provider. */
const FAILURES = ATTEMPT_OUTCOMES.filter((outcome) => SAYS_OF_PROVIDER[outcome] === 'failure');

const FAILED = `(${[...FAILURES, 'open'].map((name) => `FILL(${name}, 0)`).join(' + ')})`;
const TOTAL = `(FILL(accepted, 0) + ${FAILED})`;

/**
 * Returns the failure rate of a provider in percent, as a metric. A mail that skipped the provider because of its open circuit
 * breaker counts as a failed attempt. The value is 0 if there were fewer than {@link FLOOR} attempts.
 */
export function failureRate(monitoring: Monitoring, provider: string, period: Duration): IMetric {
  return expression(
    monitoring,
    provider,
    period,
    `IF(${TOTAL} >= ${FLOOR}, 100 * ${FAILED} / ${TOTAL}, 0)`,
    'failed, %',
  );
}

/**
 * Returns the number of failed attempts of a provider, as a metric. A mail that skipped the provider because of its open circuit
 * breaker counts as a failed attempt. The value is 0 if there were {@link FLOOR} or more attempts, or if less than half of the
 * attempts failed.
 */
export function failureCount(monitoring: Monitoring, provider: string, period: Duration): IMetric {
  const few = `${TOTAL} < ${FLOOR} AND 2 * ${FAILED} >= ${TOTAL}`;
  return expression(monitoring, provider, period, `IF(${few}, ${FAILED}, 0)`, 'failed');
}

/**
 * Returns the number of attempts that failed because of an outage of the provider, as a metric. The value is 0 if it is below one
 * of the limits in {@link SOME}.
 *
 * Refused accounts, lost answers and open circuit breakers are not included, since other alarms report them.
 */
export function someFailures(monitoring: Monitoring, provider: string, period: Duration): IMetric {
  const attempts = (outcome: string) => monitoring.metric('Attempts', 'Sum', { provider, outcome }, period);
  const share = `100 * FILL(outage, 0) >= ${SOME.percent} * (FILL(accepted, 0) + FILL(outage, 0))`;
  return new MathExpression({
    expression: `IF(FILL(outage, 0) >= ${SOME.number} AND ${share}, FILL(outage, 0), 0)`,
    label: 'failed',
    period,
    usingMetrics: { accepted: attempts('accepted'), outage: attempts('outage') },
  });
}

/**
 * A metric of the failures of a provider. Throttling, refused messages and refused senders are not failures here, although the
 * circuit breaker counts a refused sender. A wait for an answer or for the rate limit is not a failure either. Mail that is not
 * offered because the circuit is open counts as failed; otherwise this metric would show the end of an outage as soon as the
 * circuit opens.
 */
function expression(monitoring: Monitoring, provider: string, period: Duration, text: string, label: string): IMetric {
  const attempts = (outcome: string) => monitoring.metric('Attempts', 'Sum', { provider, outcome }, period);
  return new MathExpression({
    expression: text,
    label,
    period,
    usingMetrics: {
      accepted: attempts('accepted'),
      ...Object.fromEntries(FAILURES.map((outcome) => [outcome, attempts(outcome)])),
      open: monitoring.metric('Skipped', 'Sum', { provider, outcome: 'circuit-open' }, period),
    },
  });
}

/** Returns the number of lost answers of a provider, as a metric. The value is 0 if it is below both limits in {@link LOST}. */
export function lostAnswers(monitoring: Monitoring, provider: string, period: Duration): IMetric {
  const attempts = (outcome: string) => monitoring.metric('Attempts', 'Sum', { provider, outcome }, period);
  const all = '(FILL(accepted, 0) + FILL(outage, 0) + FILL(unknown, 0))';
  const share = `${all} >= ${FLOOR} AND 100 * FILL(unknown, 0) >= ${LOST.percent} * ${all}`;
  return new MathExpression({
    expression: `IF(FILL(unknown, 0) >= ${LOST.number} OR (${share}), FILL(unknown, 0), 0)`,
    label: 'answers lost',
    period,
    usingMetrics: { accepted: attempts('accepted'), outage: attempts('outage'), unknown: attempts('unknown') },
  });
}

/**
 * Returns the value of the metric `Faults` of a provider, which exists only in the monitoring size `small`. The value is 0 if it
 * is below one of the limits in {@link SOME}.
 */
export function faults(monitoring: Monitoring, provider: string, period: Duration): IMetric {
  const all = '(FILL(accepted, 0) + FILL(faults, 0))';
  const enough = `FILL(faults, 0) >= ${SOME.number} AND 100 * FILL(faults, 0) >= ${SOME.percent} * ${all}`;
  return new MathExpression({
    expression: `IF(${enough}, FILL(faults, 0), 0)`,
    label: 'faults',
    period,
    usingMetrics: {
      accepted: monitoring.metric('Attempts', 'Sum', { provider, outcome: 'accepted' }, period),
      faults: monitoring.metric('Faults', 'Sum', { provider }, period),
    },
  });
}
