import { type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { CIRCUIT_STATE } from '../../lambda/contract/metrics.ts';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../../lambda/contract/providers.ts';
import { FAILING_PERCENT, failureCount, failureRate, faults, lostAnswers, someFailures } from './failures.ts';
import { counted, ownMetric } from './metric.ts';
import type { Monitoring } from './monitoring.ts';
import { watchWords } from './word-alarms.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);
const QUARTER = Duration.minutes(15);
const HOUR = Duration.hours(1);

/** Watches one provider by its own failures: with two ways out and one broken, no queue grows. */
export function watchProvider(monitoring: Monitoring, config: ProviderConfig, unprovenDays: number): void {
  const provider = config.key;
  const attempts = (outcome: string, period = PERIOD) => ownMetric('Attempts', 'Sum', { provider, outcome }, period);
  const others = `Mail goes through the other providers meanwhile.`;

  watchWords(monitoring, provider);
  monitoring.alarm({
    title: 'FailureRate',
    provider,
    means: 'failing',
    severity: 'ticket',
    meanwhile: `At least a quarter of the mail offered to ${provider} fails there. ${others}`,
    action: `Look at the reasons in its attempts, and at its status page.`,
    metric: failureRate(provider, PERIOD),
    threshold: FAILING_PERCENT,
    datapoints: 1,
    of: 1,
    // The expression has a value for silence too, and it is 0: no mail, no failure.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'FailureCount',
    provider,
    means: 'failing',
    severity: 'ticket',
    meanwhile: `Little mail is offered to ${provider}, and again and again at least half of it fails. ${others}`,
    action: `Look at the reasons in its attempts, and at its status page.`,
    metric: failureCount(provider, PERIOD),
    threshold: 1,
    // Two periods, so that one single failure is none.
    datapoints: 2,
    of: 3,
    // As for the rate: without mail nothing fails.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SomeFailures',
    provider,
    severity: 'ticket',
    meanwhile: `A part of the mail offered to ${provider} fails there. ${others}`,
    action: `Look at the reasons in its attempts: failures of one kind, or of one kind of mail, are a fault that stays.`,
    metric: someFailures(provider, QUARTER),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // As for the rate: without mail nothing fails.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'LostAnswers',
    provider,
    severity: 'ticket',
    meanwhile: `Answers of ${provider} are lost: that mail waits a minute until it is known whether it was taken, and may go out twice.`,
    action: `Isolate it if they go on; look at its status page, and whether answers of all providers are lost.`,
    metric: lostAnswers(provider, HOUR),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // Without mail no answer is lost.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'PossibleDuplicates',
    provider,
    severity: 'ticket',
    meanwhile: `Mail that ${provider} may have taken, though its answer was lost, went out through another provider too.`,
    action: `Isolate it while answers are lost; put providers that can be asked before those that cannot.`,
    metric: counted(
      ownMetric('PossibleDuplicate', 'Sum', { provider, outcome: 'answer-lost' }, HOUR),
      'possible duplicates',
    ),
    // One or two in an hour are the price of a worker that was stopped, or of a connection that broke.
    threshold: 3,
    datapoints: 1,
    of: 1,
    // Counted when it happens: no value, no duplicate.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'SenderRefused',
    provider,
    severity: 'ticket',
    meanwhile: `${provider} does not take mail from one of our From addresses or domains. ${others}`,
    action: `Find the domain by the submissions in its attempts, and verify it there.`,
    metric: counted(attempts('sender', QUARTER), 'refused senders'),
    // One or two may be a producer that tries something.
    threshold: 3,
    datapoints: 1,
    of: 1,
    // Without mail nothing is refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'Faults',
    provider,
    severity: 'ticket',
    small: 'only',
    meanwhile: `Something is wrong with ${provider}: attempts fail, answers are lost, or it calls good mail bad. ${others}`,
    action: `Look at the reasons in its attempts, and at its status page.`,
    metric: faults(provider, QUARTER),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // Without mail nothing fails.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'AccountRefused',
    provider,
    means: 'closed',
    severity: 'page',
    meanwhile: `${provider} no longer lets this account send. ${others}`,
    action: `Check its key and the state of the account; isolate it if this will take days.`,
    metric: accountRefused(monitoring, provider),
    threshold: 1,
    // One is enough. It stands for a quarter of an hour after the last one, since an open circuit asks rarely.
    datapoints: 1,
    of: 15,
    // No answer of the account, and no circuit that it opened: nothing has refused us.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'CircuitOpen',
    provider,
    small: true,
    means: 'closed',
    severity: 'ticket',
    meanwhile: `${provider} gets no mail, since its circuit is open or an operator isolated it. ${others}`,
    action: `Look why it opened; it closes by itself when a probe is accepted, unless it is isolated.`,
    metric: ownMetric('CircuitState', 'Maximum', { provider }, MINUTE),
    threshold: CIRCUIT_STATE.open,
    // A circuit that was open for a moment has done its work and needs nobody.
    datapoints: 2,
    of: 3,
    // The gauge comes each minute. Without it nothing is known, and a circuit that was open is rather still open.
    missing: TreatMissingData.IGNORE,
  });

  const deadlineMs = config.deadlineMs ?? PROVIDER_DEFAULTS.deadlineMs;
  monitoring.alarm({
    title: 'Latency',
    provider,
    severity: 'ticket',
    meanwhile: `${provider} takes mail, but needs more than half of its deadline for it; mail is late by that.`,
    action: `Watch it: when it passes the deadline its mail goes to the others. Isolate it if the mail is urgent.`,
    metric: ownMetric('AttemptLatency', 'Average', { provider, outcome: 'accepted' }, PERIOD),
    threshold: deadlineMs / 2,
    datapoints: 2,
    of: 3,
    // Nothing accepted, nothing slow; failures have alarms of their own.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'Throttled',
    provider,
    severity: 'ticket',
    meanwhile: `${provider} asks us to slow down for a good part of the mail, which goes to the others meanwhile.`,
    action: `Compare the volume with its limits; set maxPerSecond, or ask for a higher limit.`,
    metric: new MathExpression({
      expression:
        'IF(FILL(throttled, 0) >= 2 AND 5 * FILL(throttled, 0) >= FILL(throttled, 0) + FILL(accepted, 0), FILL(throttled, 0), 0)',
      label: 'throttled',
      period: PERIOD,
      usingMetrics: { throttled: attempts('throttled'), accepted: attempts('accepted') },
    }),
    // The expression is 0 below two attempts or a fifth of all.
    threshold: 1,
    datapoints: 1,
    of: 3,
    // Without mail nothing is throttled.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'Unproven',
    provider,
    severity: 'ticket',
    meanwhile: `For ${unprovenDays} days ${provider} has neither taken mail nor let the health check in; nobody knows whether it would.`,
    action: `Read its reason in the log of the health function; give it a small share of the mail, or a canary.`,
    metric: ownMetric('CredentialAge', 'Maximum', { provider }, PERIOD),
    threshold: unprovenDays * 86_400,
    datapoints: 1,
    of: 1,
    // A provider whose age is not known yet has just been added.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

/** 1 if the account is refused: told to an attempt, or to the health check. In the small size the check tells for both, a minute later. */
function accountRefused({ size }: Monitoring, provider: string): IMetric {
  const healthy = ownMetric('AccountHealthy', 'Minimum', { provider }, MINUTE);
  const small = size === 'small';
  return new MathExpression({
    expression: small ? 'IF(FILL(healthy, 1) < 1, 1, 0)' : 'IF(FILL(refused, 0) > 0 OR FILL(healthy, 1) < 1, 1, 0)',
    label: 'refused',
    period: MINUTE,
    usingMetrics: {
      healthy,
      ...(!small && { refused: ownMetric('Attempts', 'Sum', { provider, outcome: 'account' }, MINUTE) }),
    },
  });
}
