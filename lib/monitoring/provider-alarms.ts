import { type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { CIRCUIT_STATE } from '../../lambda/contract/metrics.ts';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../../lambda/contract/providers.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { FAILING_PERCENT, failureCount, failureRate, faults, lostAnswers, someFailures } from './failures.ts';
import { counted } from './metric.ts';
import type { Monitoring } from './monitoring.ts';
import { watchRefusals } from './refusal-alarms.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);
const QUARTER = Duration.minutes(15);
const HOUR = Duration.hours(1);

/**
 * Registers the alarms on one sending provider: failures, refusals, throttling, latency, the circuit breaker, and a provider that
 * has not been used. While only one provider fails, the other providers accept its mail, so no queue grows and no alarm on queues
 * is raised.
 */
export function watchProvider(monitoring: Monitoring, config: ProviderConfig, unprovenDays: number): void {
  const provider = config.key;
  const attempts = (outcome: string, period = PERIOD) =>
    monitoring.metric('Attempts', 'Sum', { provider, outcome }, period);
  const others = `Meanwhile mail goes through the other providers.`;

  watchRefusals(monitoring, provider);
  monitoring.alarm({
    title: 'FailureRate',
    provider,
    effectOnRoute: 'failing',
    meanwhile: `At least a quarter of the mail for ${provider} fails there, or skips ${provider} since its circuit breaker is open. ${others}`,
    action: `Look at the reasons of the attempts at ${provider} in the log of the sender, and at the status page of ${provider}.`,
    metric: failureRate(monitoring, provider, PERIOD),
    threshold: FAILING_PERCENT,
    // Missing data means that there was no attempt, so no attempt failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'FailureCount',
    provider,
    effectOnRoute: 'failing',
    meanwhile: `${provider} gets little mail, and repeatedly at least half of this mail fails there, or skips ${provider} since its circuit breaker is open. ${others}`,
    action: `Look at the reasons of the attempts at ${provider} in the log of the sender, and at the status page of ${provider}.`,
    metric: failureCount(monitoring, provider, PERIOD),
    // Two periods must breach the threshold, so that a single failure raises no alarm.
    datapoints: 2,
    of: 3,
    // Missing data means that no mail was sent, so no attempt failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SomeFailures',
    dependsOnTime: true,
    provider,
    meanwhile: `At least 3 % of the attempts at ${provider} fail because of an outage of ${provider}. ${others}`,
    action: `Read the failed attempts at ${provider} in the log of the sender, and look for something that they have in common. Report them to ${provider}.`,
    metric: someFailures(monitoring, provider, QUARTER),
    // Missing data means that no mail was sent, so no attempt failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'LostAnswers',
    dependsOnTime: true,
    provider,
    meanwhile: `Some attempts at ${provider} get no answer. The mail of these attempts waits for one to two minutes, and may be sent twice.`,
    action: `If more answers are lost, isolate ${provider}. Look at the status page of ${provider}, and check whether answers of all providers are lost.`,
    metric: lostAnswers(monitoring, provider, HOUR),
    // Missing data means that no mail was sent, so no answer was lost.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'PossibleDuplicates',
    dependsOnTime: true,
    provider,
    meanwhile: `Another provider accepted mail to which the answer of ${provider} had been lost. ${provider} may have accepted this mail too, so recipients may get it twice.`,
    action: `Isolate ${provider} while answers of ${provider} are lost. In the list, put providers that can be asked about a mail before providers that cannot be asked.`,
    metric: counted(
      monitoring.metric('PossibleDuplicate', 'Sum', { provider, outcome: 'answer-lost' }, HOUR),
      'possible duplicates',
    ),
    // One or two possible duplicates in an hour can be caused by a sender process that was stopped, or by a broken connection.
    threshold: 3,
    // Each possible duplicate is counted, so missing data means that there was no possible duplicate.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderRefused',
    provider,
    meanwhile: `${provider} refuses mail from one of our From addresses or domains. ${others}`,
    action: `Find the From domain: the refused attempts in the log of the sender have the ids of the submissions. Verify this domain at ${provider}.`,
    metric: counted(attempts('sender', QUARTER), 'refused senders'),
    // One or two attempts with a refused From address in a quarter of an hour may come from a test by a producer.
    threshold: 3,
    // Only refused From addresses are counted, so missing data means that no From address was refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'Faults',
    dependsOnTime: true,
    provider,
    small: 'only',
    meanwhile: `Attempts at ${provider} fail, answers of ${provider} are lost, or ${provider} refuses mail that another provider accepts. ${others}`,
    action: `Look at the reasons of the attempts at ${provider} in the log of the sender, and at the status page of ${provider}.`,
    metric: faults(monitoring, provider, QUARTER),
    // Missing data means that no mail was sent, so no attempt failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'AccountRefused',
    provider,
    effectOnRoute: 'closed',
    severity: 'page',
    meanwhile: `${provider} refuses our account, or the secret of ${provider} cannot be used. ${others}`,
    action: `Check the key and the state of the account at ${provider}. If the repair takes days, isolate ${provider}.`,
    metric: accountRefused(monitoring, provider),
    // One refusal is enough. The alarm stays raised for a quarter of an hour after the last refusal, since a provider whose
    // circuit breaker is open rarely gets an attempt (a probe).
    datapoints: 1,
    of: 15,
    // Missing data means that no attempt was refused because of the account, and that the health check wrote no value: either the
    // provider did not answer (alarm AccountUnknown), or the check did not run (alarm HealthCheckStopped).
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'CircuitOpen',
    provider,
    small: true,
    effectOnRoute: 'closed',
    meanwhile: `${provider} gets no mail, since its circuit breaker is open or an operator isolated the provider. ${others}`,
    action: `Find out why the circuit breaker opened. It closes by itself when ${provider} accepts a probe, unless an operator isolated ${provider}.`,
    metric: monitoring.metric('CircuitState', 'Maximum', { provider }, MINUTE),
    threshold: CIRCUIT_STATE.open,
    // Two periods must breach the threshold, since no action is needed if the circuit breaker was open for only a minute.
    datapoints: 2,
    of: 3,
    // The metric has a value each minute. Without a value, the circuit breaker is assumed to be unchanged.
    missing: TreatMissingData.IGNORE,
  });

  const deadlineMs = config.deadlineMs ?? PROVIDER_DEFAULTS.deadlineMs;
  monitoring.alarm({
    title: 'Latency',
    dependsOnTime: true,
    provider,
    meanwhile: `${provider} accepts mail, but on average needs at least half of its deadline for a mail. Mail is delayed by this time.`,
    action: `Watch the latency of ${provider}: an answer after the deadline counts as a lost answer. If the mail is urgent, isolate ${provider}.`,
    metric: monitoring.metric('AttemptLatency', 'Average', { provider, outcome: 'accepted' }, PERIOD),
    threshold: deadlineMs / 2,
    datapoints: 2,
    of: 3,
    // Missing data means that the provider accepted no mail, so no accepted mail was slow. Other alarms report failures.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'Throttled',
    provider,
    meanwhile: `${provider} throttles at least a fifth of the attempts at ${provider}. ${others}`,
    action: `Compare the volume of mail with the limits of ${provider}. Set maxPerSecond, or ask ${provider} for a higher limit.`,
    metric: new MathExpression({
      expression:
        'IF(FILL(throttled, 0) >= 2 AND 5 * FILL(throttled, 0) >= FILL(throttled, 0) + FILL(accepted, 0), FILL(throttled, 0), 0)',
      label: 'throttled',
      period: PERIOD,
      usingMetrics: { throttled: attempts('throttled'), accepted: attempts('accepted') },
    }),
    // The expression is 0 if fewer than two attempts were throttled, or if less than a fifth of the accepted and throttled
    // attempts were throttled.
    threshold: 1,
    datapoints: 1,
    of: 3,
    // Missing data means that no attempt was accepted or throttled.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'Unproven',
    provider,
    meanwhile: `For ${unprovenDays} days ${provider} has accepted neither mail nor the credentials of the health check. It is not known whether ${provider} would accept mail.`,
    action: `Read the reason in the log of the health function. Give ${provider} a small share of the mail, or a canary.`,
    metric: monitoring.metric('CredentialAge', 'Maximum', { provider }, PERIOD),
    threshold: unprovenDays * 86_400,
    // The health check writes a value each minute, also for a new provider. If the health check itself fails, another alarm is
    // raised.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

/**
 * Returns a metric that is 1 if an attempt or the health check shows that the provider refuses the account; otherwise 0. In the
 * monitoring size `small` only the metric of the health check is read. This metric also shows a refused attempt that opened the
 * circuit breaker, but up to a minute later.
 */
function accountRefused(monitoring: Monitoring, provider: string): IMetric {
  const healthy = monitoring.metric('AccountHealthy', 'Minimum', { provider }, MINUTE);
  const small = monitoring.size === 'small';
  return new MathExpression({
    expression: small ? 'IF(FILL(healthy, 1) < 1, 1, 0)' : 'IF(FILL(refused, 0) > 0 OR FILL(healthy, 1) < 1, 1, 0)',
    label: 'account refused',
    period: MINUTE,
    usingMetrics: defined({
      healthy,
      refused: small ? undefined : monitoring.metric('Attempts', 'Sum', { provider, outcome: 'account' }, MINUTE),
    }),
  });
}
