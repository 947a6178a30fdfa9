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
  const reader = bus ? 'the event bus' : url === undefined ? 'the program that reads them' : 'the posts';
  monitoring.alarm({
    title: 'EventsUnread',
    meanwhile: `An event has been on the events queue for an hour: ${reader} take none, or fail on it. Events are kept for 14 days.`,
    action: 'Look whether what reads the events queue runs, and what it answers.',
    metric: events.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: Duration.minutes(5) }),
    threshold: Duration.hours(1).toSeconds(),
    missing: IDLE_QUEUE_IS_EMPTY,
  });
  if (undelivered === undefined) return;
  monitoring.alarm({
    title: 'EventsUndelivered',
    meanwhile: 'Events were not taken at any of their tries. They are kept for 14 days on a queue of their own.',
    action: 'Repair what takes them, then redrive that queue.',
    metric: undelivered.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) }),
    missing: IDLE_QUEUE_KEEPS_STATE,
  });
}
