import { Duration } from 'aws-cdk-lib/core';
import type { ApplicationEvents } from '../configuration/application-events.ts';
import type { Queues } from '../storage/queues.ts';
import { IDLE_QUEUE_IS_EMPTY, IDLE_QUEUE_KEEPS_STATE, type Monitoring } from './monitoring.ts';

/**
 * Registers the alarms on delivery events that do not reach the application. No alarm is registered if the options `bus`, `url`
 * and `consumed` are not set, since the events queue then needs no reader.
 */
export function watchApplicationEvents(
  monitoring: Monitoring,
  { events, undelivered }: Queues,
  { bus, url, consumed = false }: ApplicationEvents = {},
): void {
  if (!consumed && undelivered === undefined) return;
  const reader = bus
    ? 'the pipe to the event bus'
    : url === undefined
      ? 'the program that reads this queue'
      : 'the poster function';
  monitoring.alarm({
    title: 'EventsUnread',
    meanwhile: `An event has been on the events queue for an hour: ${reader} does not run, or fails on the event. SQS deletes events after 14 days.`,
    action: `Check that ${reader} runs, and look for errors of ${reader}.`,
    metric: events.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: Duration.minutes(5) }),
    threshold: Duration.hours(1).toSeconds(),
    missing: IDLE_QUEUE_IS_EMPTY,
  });
  if (undelivered === undefined) return;
  monitoring.alarm({
    title: 'EventsUndelivered',
    meanwhile:
      'Every try to deliver some events to the application failed. A dead-letter queue keeps these events until they are 14 days old.',
    action:
      'Repair the event bus or the URL of the application, then redrive the dead-letter queue of the undelivered events.',
    metric: undelivered.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) }),
    missing: IDLE_QUEUE_KEEPS_STATE,
  });
}
