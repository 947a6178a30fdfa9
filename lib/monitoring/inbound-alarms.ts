import { MathExpression, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { InboundProvider } from '../../lambda/contract/inbound-environment.ts';
import type { InboundOutcome } from '../../lambda/contract/metric-outcomes.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { InboundFunction } from '../functions/inbound.ts';
import { LATE_S, type ShownInbound, showInbound } from './inbound-dashboard.ts';
import { counted } from './metric.ts';
import type { Monitoring } from './monitoring.ts';
import { watchSecondary } from './mx-alarms.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);
const QUARTER = Duration.minutes(15);
const HOUR = Duration.hours(1);

/** Whether a provider posts its mail; another one writes it to the bucket. */
const overHttp = ({ type }: InboundProvider) => definitionOf(type).inbound?.over === 'http';

/** Registers every alarm of received mail, and its rows of the dashboard. */
export function watchInbound(monitoring: Monitoring, { providers, inbound, queue }: ShownInbound): void {
  watchFunction(monitoring, inbound);
  watchQueue(monitoring, queue);
  const best = Math.min(...providers.flatMap(({ preference }) => preference ?? []));
  const preferred = providers.filter(({ preference = best }) => preference === best).map(({ key }) => key);
  for (const provider of providers) {
    // What the bucket's notifications cannot deliver stays on their queue.
    if (overHttp(provider)) watchRequests(monitoring, provider.key);
    watchFailures(monitoring, provider);
    watchReceivedMail(monitoring, provider.key);
    watchIds(monitoring, provider.key);
    if ((provider.preference ?? best) > best) watchSecondary(monitoring, provider.key, preferred);
  }
  if (inbound.ses) watchSes(monitoring, inbound.ses.deadLetter);
  showInbound(monitoring, { providers, inbound, queue });
}

function watchFunction(
  monitoring: Monitoring,
  { function: receiver, unanswered: { tooLarge, turnedAway } }: InboundFunction,
): void {
  monitoring.alarm({
    title: 'InboundErrors',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile: 'The receiver crashes or is stopped; the providers post those mails again for about eight hours.',
    action: 'Read the end of its log: a crash after a deployment is a reason to roll back.',
    metric: receiver.metricErrors({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    // Bad mail is never an error of the function, so each error is a defect of ours; the provider's retry repairs a
    // single one.
    datapoints: 2,
    of: 3,
    // Lambda emits no value without an invocation, and then there is no error.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundTooLarge',
    severity: 'ticket',
    meanwhile:
      'A mail was too large to be posted here: the provider posts it again, and gives up after some ten hours.',
    action: 'Have Mailgun store such mail and notify, or receive it over SES; see what the reconciler found.',
    metric: tooLarge.metric({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // Counted from the access log: without such a request there is no value.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundThrottles',
    severity: 'ticket',
    meanwhile: 'Lambda refuses invocations of the receiver; the providers post those mails again.',
    action: 'Find the function that uses up the concurrency of the account.',
    metric: receiver.metricThrottles({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    // A peak of minutes is repaired by the first retry.
    datapoints: 2,
    of: 3,
    // Lambda emits no value without an invocation, and then none was refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundTurnedAway',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile:
      'The HTTP API answers in place of the receiver: above its rate, or because the function does not answer.',
    action: 'See the status in the access log: 429 is the rate, the rest the function.',
    metric: turnedAway.metric({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    // A peak of minutes is repaired by the first retry.
    datapoints: 2,
    of: 3,
    // Counted from the access log: without a refused request there is no value.
    missing: TreatMissingData.NOT_BREACHING,
  });
  watchPath(monitoring, monitoring.metric('InboundUnknownKey', 'Sum', {}, QUARTER));
}

/** Alarm on requests to a wrong path, which are answered 404 and posted again: no other alarm reports that mail. */
function watchPath(monitoring: Monitoring, metric: Metric, provider?: string): void {
  monitoring.alarm({
    title: 'InboundUnknownPath',
    ...defined({ provider }),
    severity: 'ticket',
    meanwhile: provider
      ? `Requests for ${provider} come to a wrong path: if it posts them, its mail is tried again for eight hours and then lost.`
      : 'Requests arrive at the path of a provider that is not in the list: mail of a renamed provider is lost after eight hours.',
    action: 'Compare the URL at the provider with InboundUrl, with its key in the list, and inboundPath in its secret.',
    metric: counted(metric, 'to a wrong path'),
    threshold: 1,
    // The retries of one mail fall into two such quarters; a stranger who guesses paths does not repeat one.
    datapoints: 2,
    of: 3,
    // Missing data means no requests at all.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchQueue(monitoring: Monitoring, queue: Queue): void {
  monitoring.alarm({
    title: 'InboundWaiting',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile:
      'Received mail has been on the inbound queue for a quarter of an hour: the application does not read it, or fails on it.',
    action: 'Check that the application that reads the queue runs, and its errors.',
    metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: MINUTE }),
    threshold: Duration.minutes(15).toSeconds(),
    datapoints: 3,
    of: 3,
    // SQS stops measuring a queue that was idle for six hours; a queue with a message is not idle.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundExpiring',
    severity: 'page',
    meanwhile: 'The oldest received mail is ten days old: in four days SQS deletes it.',
    action: 'Let the application read the inbound queue, or save its messages elsewhere, today.',
    metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: PERIOD }),
    threshold: Duration.days(10).toSeconds(),
    datapoints: 1,
    of: 1,
    // SQS stops measuring a queue that was idle for six hours; a queue with a message is not idle.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchRequests(monitoring: Monitoring, provider: string): void {
  monitoring.alarm({
    title: 'InboundRefused',
    provider,
    severity: 'page',
    meanwhile: `Requests to the right path of ${provider} are refused: if the key or password is wrong, they contain mail, which is posted again for eight hours and then lost.`,
    action: 'Compare the keys in its secret with those of the provider; put the previous key beside the new key.',
    metric: sumOf(monitoring, provider, ['refused', 'replayed'], 'refused'),
    threshold: 1,
    // A single refusal may be a replayed old request. With a wrong key all requests are refused, continuously.
    datapoints: 2,
    of: 3,
    // Missing data means no requests, so none was refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  watchPath(
    monitoring,
    monitoring.metric('InboundRequests', 'Sum', { provider, outcome: 'unknown-path' }, QUARTER),
    provider,
  );
  monitoring.alarm({
    title: 'InboundUnreadable',
    provider,
    severity: 'ticket',
    meanwhile: `${provider} posted a request that is no mail; it is stored in the mail bucket under inbound/unreadable.`,
    action: 'Read it: an event means a wrong URL at the provider, anything else that its format has changed.',
    metric: sumOf(monitoring, provider, ['unreadable', 'misdirected'], 'no mail'),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // Missing data means no requests, so none without a mail.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchFailures(monitoring: Monitoring, inbound: InboundProvider): void {
  const { key: provider } = inbound;
  const until = overHttp(inbound) ? 'is sent again for about eight hours' : 'comes again from its queue for 24 hours';
  monitoring.alarm({
    title: 'InboundFailures',
    dependsOnTime: true,
    provider,
    severity: 'ticket',
    meanwhile: `Mail from ${provider} could not be stored, and ${until}.`,
    action: 'Read the detail in the log of the receiver: it names the service that failed.',
    metric: sumOf(monitoring, provider, ['failed'], 'failed'),
    threshold: 1,
    datapoints: 3,
    of: 4,
    // Missing data means no requests, so none failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchReceivedMail(monitoring: Monitoring, provider: string): void {
  monitoring.alarm({
    title: 'InboundLate',
    dependsOnTime: true,
    provider,
    severity: 'ticket',
    meanwhile: `Mail over ${provider} arrives more than five minutes after the provider accepted it.`,
    action: 'Look for failures of the receiver, and at the status page of the provider.',
    metric: monitoring.metric('InboundAge', 'p50', { provider }, PERIOD),
    threshold: LATE_S,
    // One mail with a wrong clock or one retry is normal; half of the mail in a quarter of an hour is not.
    datapoints: 3,
    of: 3,
    // Missing data means no mail, so none was late.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundIncomplete',
    dependsOnTime: true,
    provider,
    severity: 'ticket',
    meanwhile: `Mail over ${provider} is incomplete, or could not be read; the message has a flag, and the rest is in the raw mail or at the provider.`,
    action: 'Look at its flags: truncated mail was made to break parsers, or could not be fetched.',
    metric: counted(monitoring.metric('InboundIncomplete', 'Sum', { provider }, PERIOD), 'incomplete'),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // Missing data means no mail, so none was incomplete.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchIds(monitoring: Monitoring, provider: string): void {
  monitoring.alarm({
    title: 'InboundIdReused',
    provider,
    severity: 'ticket',
    meanwhile: `Mail over ${provider} repeatedly has a Message-ID that was used for another mail; each mail was delivered.`,
    action: 'Compare the messages of one messageId: a broken sender, or an attempt to suppress mail by a copy.',
    metric: counted(monitoring.metric('InboundIdReused', 'Sum', { provider }, HOUR), 'used again'),
    // A single case may be a sender that edits a mail and sends it again; several within an hour are a pattern.
    threshold: 3,
    datapoints: 1,
    of: 1,
    // Missing data means no mail, so no reused Message-ID.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchSes(monitoring: Monitoring, deadLetter: Queue): void {
  monitoring.alarm({
    title: 'InboundSesDeadLetters',
    severity: 'ticket',
    meanwhile:
      'Mail that SES wrote to the bucket could not be processed for 24 hours; it is kept for 30 days from its arrival.',
    action: 'Read the reason in the log of the receiver, repair it, and redrive the notifications.',
    metric: deadLetter.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: MINUTE }),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // SQS stops measuring a queue that was idle for six hours: it was empty, or the alarm is already raised.
    missing: TreatMissingData.IGNORE,
  });
}

function sumOf(monitoring: Monitoring, provider: string, outcomes: readonly InboundOutcome[], label: string) {
  const ids = outcomes.map((outcome) => outcome.replaceAll('-', ''));
  return new MathExpression({
    expression: ids.map((id) => `FILL(${id}, 0)`).join(' + '),
    label,
    period: PERIOD,
    usingMetrics: Object.fromEntries(
      outcomes.map((outcome, place) => [
        ids[place] ?? '',
        monitoring.metric('InboundRequests', 'Sum', { provider, outcome }, PERIOD),
      ]),
    ),
  });
}
