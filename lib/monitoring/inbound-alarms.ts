import { MathExpression, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { InboundProvider } from '../../lambda/contract/inbound-environment.ts';
import type { InboundOutcome } from '../../lambda/contract/metric-outcomes.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { InboundFunction } from '../functions/inbound.ts';
import { addInboundRow, LATE_S, type ShownInbound } from './inbound-dashboard.ts';
import { counted } from './metric.ts';
import { IDLE_QUEUE_IS_EMPTY, IDLE_QUEUE_KEEPS_STATE, type Monitoring } from './monitoring.ts';
import { watchSecondary } from './mx-alarms.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);
const QUARTER = Duration.minutes(15);
const HOUR = Duration.hours(1);

/** Whether a provider posts received mail over HTTP; the other provider type, `ses`, writes received mail to the bucket. */
const overHttp = ({ type }: InboundProvider) => definitionOf(type).inbound?.over === 'http';

/** Registers every alarm for received mail, and adds the rows for received mail to the dashboard. */
export function watchInbound(monitoring: Monitoring, { providers, inbound, queue }: ShownInbound): void {
  watchFunction(monitoring, inbound);
  watchQueue(monitoring, queue);
  const best = Math.min(...providers.flatMap(({ preference }) => preference ?? []));
  const preferred = providers.filter(({ preference = best }) => preference === best).map(({ key }) => key);
  for (const provider of providers) {
    // Only a provider that posts received mail sends requests. For SES, which writes mail to the bucket, there is instead an
    // alarm on the dead-letter queue for its notifications.
    if (overHttp(provider)) watchRequests(monitoring, provider.key);
    watchFailures(monitoring, provider);
    watchReceivedMail(monitoring, provider.key);
    watchIds(monitoring, provider.key);
    if ((provider.preference ?? best) > best) watchSecondary(monitoring, provider.key, preferred);
  }
  if (inbound.ses) watchSes(monitoring, inbound.ses.deadLetter);
  addInboundRow(monitoring, { providers, inbound, queue });
}

function watchFunction(
  monitoring: Monitoring,
  { function: receiver, unanswered: { tooLarge, turnedAway } }: InboundFunction,
): void {
  monitoring.alarm({
    title: 'InboundErrors',
    dependsOnTime: true,
    meanwhile:
      'The receiver function crashes, or exceeds its time-out or memory. The providers post the affected mail again for eight hours or more.',
    action:
      'Read the end of the log of the receiver function. If the errors began with a deployment, roll the deployment back.',
    metric: receiver.metricErrors({ statistic: 'Sum', period: PERIOD }),
    // The function returns normally even for malformed mail, so each error is a crash, a time-out or a lack of memory. Two
    // periods must breach the threshold, since after a single error the provider posts the mail again.
    datapoints: 2,
    of: 3,
    // Lambda writes no value if there was no invocation; without an invocation there is no error.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundTooLarge',
    meanwhile:
      'A received mail was too large for the HTTP API or the receiver function. The provider posts this mail again for eight hours or more, without success.',
    action:
      'Use a Mailgun route that stores mail and notifies, or receive large mail through SES. Check whether the reconciler fetched this mail.',
    metric: tooLarge.metric({ statistic: 'Sum', period: PERIOD }),
    // The metric is counted from the access log, so it has no value if no request was too large.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundThrottles',
    meanwhile:
      'Lambda refuses invocations of the receiver function. The providers post the affected mail again for eight hours or more.',
    action: 'Find the function that uses up the concurrency of the AWS account.',
    metric: receiver.metricThrottles({ statistic: 'Sum', period: PERIOD }),
    // If mail is refused during a peak of a few minutes, the function accepts it when the provider posts it again. Therefore two
    // periods must breach the threshold.
    datapoints: 2,
    of: 3,
    // Lambda writes no value if the function was not called; then no invocation was refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundTurnedAway',
    dependsOnTime: true,
    meanwhile:
      'The HTTP API refuses requests with received mail: there are more requests than inboundRate allows, or the receiver function does not answer. The providers post the mail again.',
    action:
      'Read the status in the access log: 429 means too many requests; 502, 503 or 504 means that the receiver function did not answer.',
    metric: turnedAway.metric({ statistic: 'Sum', period: PERIOD }),
    // A mail that was refused in a peak of a few minutes is accepted when the provider posts it again. Therefore two periods must
    // breach the threshold.
    datapoints: 2,
    of: 3,
    // The metric is counted from the access log, so it has no value if the API answered no request with 429 or 502 to 504.
    missing: TreatMissingData.NOT_BREACHING,
  });
  watchPath(monitoring, monitoring.metric('InboundUnknownKey', 'Sum', {}, QUARTER));
}

/**
 * Registers the alarm on requests to a wrong path. Such a request is answered with 404, and a provider posts it again for some
 * hours. No other alarm reports the mail in these requests.
 */
function watchPath(monitoring: Monitoring, metric: Metric, provider?: string): void {
  monitoring.alarm({
    title: 'InboundUnknownPath',
    ...defined({ provider }),
    meanwhile: provider
      ? `Requests for ${provider} have a wrong path. If ${provider} sends these requests, it posts their mail again for about eight hours, and then the mail is lost.`
      : 'Requests have a path with a key that no provider in the list has. If the key of a provider was changed, mail of this provider is posted again for about eight hours and then lost.',
    action:
      'Compare the URL at the provider with the stack output InboundUrl, with the key of the provider in the list, and with inboundPath in the secret of the provider.',
    metric: counted(metric, 'to a wrong path'),
    // If a provider posts a mail again and again, there are requests in at least two of three periods of a quarter of an hour.
    // Requests of a stranger who guesses paths rarely continue for so long.
    datapoints: 2,
    of: 3,
    // Only requests to a wrong path are counted, so missing data means that there was no such request.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchQueue(monitoring: Monitoring, queue: Queue): void {
  monitoring.alarm({
    title: 'InboundWaiting',
    dependsOnTime: true,
    meanwhile:
      'Received mail has been on the inbound queue for a quarter of an hour: the application does not read the queue, or fails on the mail.',
    action: 'Check that the application that reads the inbound queue runs, and look for its errors.',
    metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: MINUTE }),
    threshold: Duration.minutes(15).toSeconds(),
    datapoints: 3,
    of: 3,
    missing: IDLE_QUEUE_IS_EMPTY,
  });
  monitoring.alarm({
    title: 'InboundExpiring',
    severity: 'page',
    meanwhile: 'The oldest message on the inbound queue is ten days old: in four days SQS deletes this message.',
    action: 'Today, let the application read the inbound queue, or copy the messages of the queue to another place.',
    metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: PERIOD }),
    threshold: Duration.days(10).toSeconds(),
    missing: IDLE_QUEUE_IS_EMPTY,
  });
}

function watchRequests(monitoring: Monitoring, provider: string): void {
  monitoring.alarm({
    title: 'InboundRefused',
    provider,
    severity: 'page',
    meanwhile: `Requests to the right path of ${provider} are refused. If the key or password is wrong, these requests contain mail, which ${provider} posts again for about eight hours; then the mail is lost.`,
    action: `Compare the keys in the webhook secret of ${provider} with the keys at ${provider}. During a change of keys, keep the previous key in the secret too.`,
    metric: sumOf(monitoring, provider, ['refused', 'replayed'], 'refused'),
    // A single refused request may be an old request that an attacker sends again. With a wrong key, all requests are refused in
    // every period.
    datapoints: 2,
    of: 3,
    // Only refused requests are counted, so missing data means that no request was refused.
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
    meanwhile: `${provider} posted a request without a readable mail. Unless the request is a delivery event, it is stored in the mail bucket under inbound/unreadable.`,
    action:
      'Read the outcome in the log of the receiver function: `misdirected` means a wrong URL for events at the provider, `unreadable` means that the format of the provider has changed.',
    metric: sumOf(monitoring, provider, ['unreadable', 'misdirected'], 'no mail'),
    // Only requests without a mail are counted, so missing data means that there was no such request.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchFailures(monitoring: Monitoring, inbound: InboundProvider): void {
  const { key: provider } = inbound;
  const again = overHttp(inbound)
    ? `${provider} posts it again for about eight hours.`
    : 'SQS delivers the notification about it again for 24 hours.';
  monitoring.alarm({
    title: 'InboundFailures',
    dependsOnTime: true,
    provider,
    meanwhile: `Mail from ${provider} could not be stored. ${again}`,
    action: 'Read the field `detail` in the log of the receiver function: it names the service that failed.',
    metric: sumOf(monitoring, provider, ['failed'], 'failed'),
    datapoints: 3,
    of: 4,
    // Only failures are counted, so missing data means that no mail failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchReceivedMail(monitoring: Monitoring, provider: string): void {
  monitoring.alarm({
    title: 'InboundLate',
    dependsOnTime: true,
    provider,
    meanwhile: `At least half of the mail through ${provider} reaches the inbound queue five minutes or more after ${provider} accepted it.`,
    action: 'Look for failures of the receiver function, and look at the status page of the provider.',
    metric: monitoring.metric('InboundAge', 'p50', { provider }, PERIOD),
    threshold: LATE_S,
    // Single late mails are normal, since a provider may have to post a mail again. It is not normal that, in each of three
    // periods, half of the mail is late.
    datapoints: 3,
    of: 3,
    // Missing data means that no mail was put on the inbound queue, so no mail was late.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'InboundIncomplete',
    dependsOnTime: true,
    provider,
    meanwhile: `A mail received through ${provider} is incomplete, or could not be parsed. Its message on the inbound queue has a flag; the missing part is in the raw mail in the bucket, or at ${provider}.`,
    action:
      'Read the line `stored mail not readable` in the log of the receiver function. Without such a line, the mail has too many parts or headers, or is not a mail.',
    metric: counted(monitoring.metric('InboundIncomplete', 'Sum', { provider }, PERIOD), 'incomplete'),
    // Only incomplete mail is counted, so missing data means that no mail was incomplete.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchIds(monitoring: Monitoring, provider: string): void {
  monitoring.alarm({
    title: 'InboundIdReused',
    provider,
    meanwhile: `Within an hour at least three mails through ${provider} had the Message-ID of an earlier, different mail. Each of these mails was put on the inbound queue.`,
    action:
      'Compare the messages with the same messageId: either a program reuses Message-IDs, or an attacker tries to make a mail look like a copy of another mail.',
    metric: counted(monitoring.metric('InboundIdReused', 'Sum', { provider }, HOUR), 'used again'),
    // A single mail with a reused Message-ID may come from a sender that edits a mail and sends it again. Three such mails within
    // an hour are not a coincidence.
    threshold: 3,
    // Only mail with a reused Message-ID is counted, so missing data means that there was no such mail.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchSes(monitoring: Monitoring, deadLetter: Queue): void {
  monitoring.alarm({
    title: 'InboundSesDeadLetters',
    meanwhile:
      'Mail that SES wrote to the bucket could not be processed for 24 hours. It stays in the bucket for 30 days from its arrival, unless the option mailExpiration has another value.',
    action: 'Read the reason in the log of the receiver function, repair the cause, and redrive the notifications.',
    metric: deadLetter.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: MINUTE }),
    missing: IDLE_QUEUE_KEEPS_STATE,
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
