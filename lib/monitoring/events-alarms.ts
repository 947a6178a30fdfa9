import { MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { EventsProvider } from '../../lambda/contract/events-environment.ts';
import {
  COUNTED_EVENTS,
  DUPLICATE_OUTCOMES,
  EVENT_REQUEST_OUTCOMES,
  SENT_TWICE_OUTCOMES,
} from '../../lambda/contract/metric-outcomes.ts';
import type { EventsFunction } from '../functions/events.ts';
import type { SesEvents } from '../functions/ses-events.ts';
import { graph } from './dashboard.ts';
import { counted } from './metric.ts';
import { IDLE_QUEUE_KEEPS_STATE, type Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/** The monitored resources that process delivery events. */
interface WatchedEvents {
  readonly providers: readonly EventsProvider[];
  readonly events: EventsFunction;
  readonly published: ReadonlyMap<string, SesEvents>;
}

/** Registers every alarm for delivery events, and adds the row for delivery events to the dashboard. */
export function watchEvents(monitoring: Monitoring, { providers, events, published }: WatchedEvents): void {
  watchFunction(monitoring, events);
  watchDuplicates(monitoring);
  for (const { key } of providers) watchProviderEvents(monitoring, key);
  for (const [key, { deadLetter }] of published)
    monitoring.alarm({
      title: 'EventsDeadLetters',
      provider: key,
      meanwhile: `The events function failed for two days on events that ${key} published, or they are no events. SQS keeps them until they are 14 days old.`,
      action:
        'Read the reason in the log of the events function, repair the cause, and redrive the dead-letter queue of these events.',
      metric: deadLetter.metricApproximateNumberOfMessagesVisible({
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      missing: IDLE_QUEUE_KEEPS_STATE,
    });
  addEventsRow(monitoring, providers, events);
}

function watchFunction(monitoring: Monitoring, { function: taker, unanswered }: EventsFunction): void {
  monitoring.alarm({
    title: 'EventsErrors',
    dependsOnTime: true,
    meanwhile:
      'The events function crashes, or exceeds its time-out or memory. Delivery events arrive late: bounces are repeated for hours, deliveries possibly for 20 minutes only.',
    action:
      'Read the end of the log of the events function. If the errors began with a deployment, roll the deployment back.',
    metric: taker.metricErrors({ statistic: 'Sum', period: PERIOD }),
    // The function returns normally even for a malformed event, so each error is a crash, a time-out or a lack of memory. Two
    // periods must breach the threshold, since after a single error the provider posts the event again.
    datapoints: 2,
    of: 3,
    // Lambda writes no value if there was no invocation; without an invocation there is no error.
    missing: TreatMissingData.NOT_BREACHING,
  });
  if (unanswered === undefined) return;
  monitoring.alarm({
    title: 'EventsTurnedAway',
    dependsOnTime: true,
    meanwhile:
      'The HTTP API refuses requests with delivery events: there are more requests than eventsRate allows, or the events function does not answer. Mail is sent and received as usual.',
    action:
      'Read the status in the access log: 429 means too many requests; 502, 503 or 504 means that the events function did not answer.',
    metric: unanswered.turnedAway.metric({ statistic: 'Sum', period: PERIOD }),
    // Three of four periods must breach the threshold: providers post an event again after a few minutes, so no event is lost in
    // a short peak.
    datapoints: 3,
    of: 4,
    // The metric is counted from the access log, so it has no value if the API answered no request with 429 or 502 to 504.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchDuplicates(monitoring: Monitoring): void {
  monitoring.alarm({
    title: 'SentTwice',
    meanwhile:
      'Two providers report the same mail for the same recipient, and no lost answer explains this: the recipient probably got the mail twice.',
    action:
      'Read the line `sent twice` in the log of the events function, and the attempts in the record of the submission.',
    metric: monitoring.metric('SentTwice', 'Sum', { outcome: 'unexpected' }, PERIOD),
    // Only mail that was unexpectedly accepted twice is counted, so missing data means that there was no such mail.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchProviderEvents(monitoring: Monitoring, provider: string): void {
  const requests = (outcome: (typeof EVENT_REQUEST_OUTCOMES)[number]) =>
    monitoring.metric('EventRequests', 'Sum', { provider, outcome }, PERIOD);
  monitoring.alarm({
    title: 'EventsRefused',
    provider,
    meanwhile: `Requests with delivery events of ${provider} are refused. Bounces and complaints do not arrive, so Mailover sends more mail to the affected addresses.`,
    action:
      'Compare the URL at the provider with the stack output EventsUrl, and the keys at the provider with the keys in the secret.',
    metric: counted(requests('refused'), 'refused'),
    // Two periods must breach the threshold, since requests of a stranger who guesses paths rarely continue for more than five
    // minutes.
    datapoints: 2,
    of: 3,
    // Only refused requests are counted, so missing data means that no request was refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'EventsUnusable',
    provider,
    meanwhile: `${provider} sends events of a type that is not in the table of this provider, or requests without a usable event. Events of known types are processed.`,
    action:
      'Read the lines `unknown event` and `events` in the log of the events function. For an unknown type, add a row to the table of the provider.',
    metric: new MathExpression({
      expression: 'FILL(unusable, 0) + FILL(unknown, 0)',
      label: 'unusable',
      period: PERIOD,
      usingMetrics: {
        unusable: requests('unusable'),
        unknown: monitoring.metric('DeliveryEvents', 'Sum', { provider, outcome: 'unknown' }, PERIOD),
      },
    }),
    // Missing data means that there was neither an unusable request nor an event of an unknown type.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'EventsFailed',
    dependsOnTime: true,
    provider,
    meanwhile: `Events of ${provider} could not be stored. Bounces are repeated for hours, deliveries possibly for 20 minutes only.`,
    action: 'Read the field `detail` in the log of the events function: it names the service that failed.',
    metric: counted(requests('failed'), 'failed'),
    datapoints: 3,
    of: 4,
    // Only failures are counted, so missing data means that no request failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function addEventsRow(monitoring: Monitoring, providers: readonly EventsProvider[], events: EventsFunction): void {
  monitoring.row('What happens to accepted mail?', [
    graph('Delivery events, by provider', 8, {
      left: providers.flatMap(({ key }) =>
        COUNTED_EVENTS.map((outcome) =>
          monitoring.metric('DeliveryEvents', 'Sum', { provider: key, outcome }).with({ label: `${key}: ${outcome}` }),
        ),
      ),
    }),
    graph('Mail that two providers accepted, and possible duplicates (right)', 8, {
      left: SENT_TWICE_OUTCOMES.map((outcome) =>
        monitoring.metric('SentTwice', 'Sum', { outcome }).with({ label: outcome }),
      ),
      right: providers.flatMap(({ key }) =>
        DUPLICATE_OUTCOMES.map((outcome) =>
          monitoring
            .metric('PossibleDuplicate', 'Sum', { provider: key, outcome })
            .with({ label: `${key}: ${outcome}` }),
        ),
      ),
    }),
    graph('Requests with events', 8, {
      left: [
        ...providers.flatMap(({ key }) =>
          EVENT_REQUEST_OUTCOMES.map((outcome) =>
            monitoring.metric('EventRequests', 'Sum', { provider: key, outcome }).with({ label: `${key}: ${outcome}` }),
          ),
        ),
        events.function.metricErrors({ label: 'errors' }),
        events.function.metricThrottles({ label: 'throttles' }),
        ...(events.unanswered
          ? [events.unanswered.turnedAway.metric({ statistic: 'Sum', label: 'refused by the API' })]
          : []),
      ],
    }),
  ]);
}
