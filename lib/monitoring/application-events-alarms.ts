import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { ApplicationEvents } from '../configuration/application-events.ts';
import type { Queues } from '../storage/queues.ts';
import type { Monitoring } from './monitoring.ts';

/** Alarms on events that do not get to the application; none where no program is known to read them. */
export function watchApplicationEvents(
  monitoring: Monitoring,
  { events, undelivered }: Queues,
  { bus, url, consumed = false }: ApplicationEvents = {},
): void {
  if (!consumed && undelivered === undefined) return;
  const reader = bus ? 'the event bus' : url === undefined ? 'the program that reads them' : 'the posts';
  monitoring.alarm({
    title: 'EventsUnread',
    severity: 'ticket',
    meanwhile: `An event has been on the events queue for an hour: ${reader} take none, or fail on it. Events are kept for 14 days.`,
    action: 'Look whether what reads the events queue runs, and what it answers.',
    metric: events.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: Duration.minutes(5) }),
    threshold: Duration.hours(1).toSeconds(),
    datapoints: 1,
    of: 1,
    // SQS stops measuring a queue that was idle for six hours: it is empty, since an unread message is measured.
    missing: TreatMissingData.NOT_BREACHING,
  });
  if (undelivered === undefined) return;
  monitoring.alarm({
    title: 'EventsUndelivered',
    severity: 'ticket',
    meanwhile: 'Events were not taken at any of their tries. They are kept for 14 days on a queue of their own.',
    action: 'Repair what takes them, then redrive that queue.',
    metric: undelivered.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) }),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // SQS stops measuring a queue that was idle for six hours: it was empty, or the alarm is already raised.
    missing: TreatMissingData.IGNORE,
  });
}
