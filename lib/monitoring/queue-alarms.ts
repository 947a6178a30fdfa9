import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { defined } from '../../lambda/platform/defined.ts';
import type { Queues } from '../storage/queues.ts';
import { IDLE_QUEUE_IS_EMPTY, IDLE_QUEUE_KEEPS_STATE, type Monitoring } from './monitoring.ts';

const MINUTE = Duration.minutes(1);
const PERIOD = Duration.minutes(5);

/**
 * Registers the alarms on waiting mail and on dead letters. The alarms on waiting mail are raised late, when users also notice
 * the delay; the alarms on providers are raised earlier.
 */
export function watchQueues(
  monitoring: Monitoring,
  { outbound, deadLetter, retry }: Queues,
  retryBacklog: number,
): void {
  watchRetries(monitoring, [...retry.values()], retryBacklog);
  monitoring.alarm({
    title: 'RemovedQueueMail',
    meanwhile: 'For six hours mail has waited on the retry queue of a provider that was removed from the list.',
    action: 'Check with `npm run queues` whether a function still reads this retry queue.',
    metric: monitoring.metric('RemovedQueueMail', 'Minimum', {}, Duration.hours(1)),
    datapoints: 6,
    of: 6,
    // The health check writes a value each minute, unless SQS does not answer. If the health check itself fails, another alarm is
    // raised.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'DeadLetters',
    small: true,
    meanwhile: 'There are messages on the dead-letter queue. SQS deletes them after 14 days. Other mail goes out.',
    action: 'Read the attribute Reason of the dead letters, repair the cause, and redrive the dead letters.',
    metric: deadLetter.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: MINUTE }),
    missing: IDLE_QUEUE_KEEPS_STATE,
  });
  monitoring.alarm({
    title: 'DeadLettersExpiring',
    severity: 'page',
    meanwhile: 'The oldest dead letter is ten days old: in four days SQS deletes this message, and its mail is lost.',
    action: 'Today, redrive the dead letters, or copy them to another place.',
    metric: deadLetter.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: PERIOD }),
    threshold: Duration.days(10).toSeconds(),
    // If values are missing while there are dead letters, the dead letters still get older, so the alarm keeps its state.
    missing: TreatMissingData.IGNORE,
  });
  monitoring.alarm({
    title: 'OldestMessage',
    dependsOnTime: true,
    effectOnRoute: 'stopped',
    small: true,
    meanwhile:
      'A message has been on the outbound queue for a quarter of an hour: mail arrives faster than it is sent, or the sender fails on this message.',
    action: 'Look at the errors and the throttles of the sender function, then at the number of its invocations.',
    metric: outbound.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: MINUTE }),
    threshold: Duration.minutes(15).toSeconds(),
    datapoints: 3,
    of: 3,
    missing: IDLE_QUEUE_IS_EMPTY,
  });
  monitoring.alarm({
    title: 'NothingAccepted',
    dependsOnTime: true,
    effectOnRoute: 'stopped',
    small: true,
    meanwhile: 'Mail waits, and for ten minutes no provider has accepted mail.',
    action: 'Look at the circuit breakers and accounts of all providers, then at the errors of the sender function.',
    metric: new MathExpression({
      expression:
        'IF(FILL(accepted, 0) == 0 AND (FILL(waiting, 0) > 0 OR FILL(retried, 0) > 0), FILL(waiting, 0) + FILL(retried, 0), 0)',
      label: 'waiting while nothing is accepted',
      period: PERIOD,
      usingMetrics: {
        // This metric covers all providers, with one value for each accepted submission. The metrics of the single providers are
        // not read, since an alarm on metric math may read only ten metrics.
        accepted: monitoring.metric('Delay', 'SampleCount', {}, PERIOD),
        retried: monitoring.metric('RetryAge', 'SampleCount', {}, PERIOD),
        waiting: outbound.metricApproximateNumberOfMessagesVisible({ statistic: 'Minimum', period: PERIOD }),
      },
    }),
    datapoints: 2,
    of: 3,
    // Missing data means that no mail was accepted or retried, and that the outbound queue is idle, so no mail waits.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

/**
 * Largest number of retry queues of one alarm. An alarm on metric math may read ten metrics
 * (docs.aws.amazon.com/AmazonCloudWatch, alarm limits, 2026-11-28), and reads two metrics of each queue.
 */
const QUEUES_OF_ALARM = 5;

/**
 * Registers one alarm for each group of up to five retry queues, on the number of messages of the group. There is no alarm for a
 * single retry queue: mail on the retry queue of a provider does not prove a fault of this provider, since mail also waits there
 * while the state table is down.
 */
function watchRetries(monitoring: Monitoring, queues: readonly IQueue[], retryBacklog: number): void {
  for (let first = 0; first < queues.length; first += QUEUES_OF_ALARM) {
    const measured = queues.slice(first, first + QUEUES_OF_ALARM).flatMap(
      (queue, place) =>
        [
          [`visible${place}`, queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: PERIOD })],
          [`delayed${place}`, queue.metricApproximateNumberOfMessagesDelayed({ statistic: 'Maximum', period: PERIOD })],
        ] as const,
    );
    monitoring.alarm({
      title: 'RetryBacklog',
      dependsOnTime: true,
      ...defined({ part: first > 0 ? `queues-from-${first + 1}` : undefined }),
      meanwhile: `At least ${retryBacklog} messages wait in the retry queues: no provider accepted them, an AWS service failed, or their class is paused.`,
      action:
        'Check whether TableUnreachable, ObjectsUnreachable, SecretsUnreachable or ClassPaused is raised. Otherwise find the providers that may send this mail, and look at their failures.',
      metric: new MathExpression({
        expression: measured.map(([id]) => `FILL(${id}, 0)`).join(' + '),
        label: 'waiting',
        period: PERIOD,
        usingMetrics: Object.fromEntries(measured),
      }),
      threshold: retryBacklog,
      datapoints: 3,
      of: 3,
      missing: IDLE_QUEUE_IS_EMPTY,
    });
  }
}
