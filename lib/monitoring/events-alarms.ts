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
      meanwhile: `Events that ${key} published could not be taken for two days; they are kept for 14 days in total.`,
      action: 'Read the reason in the log of the events function, repair it, and redrive them.',
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
      'The function that takes delivery events crashes or is stopped; the providers post them again for a while.',
    action: 'Read the end of its log: a crash after a deployment is a reason to roll back.',
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
      'The HTTP API answers in place of the events function: above eventsRate, or because the function does not answer. Mail is sent and received as usual.',
    action: 'See the status in the access log: 429 is the rate, the rest the function.',
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
      'Two providers report the same mail for the same recipient, and no answer was lost: a recipient got it twice.',
    action: 'Read the line `sent twice` in the log of the events function, and the record of its submission.',
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
    meanwhile: `Requests with delivery events of ${provider} are refused: bounces and complaints do not arrive, and their addresses are mailed again.`,
    action: 'Compare the address at the provider with EventsUrl, and its keys with those in the secret.',
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
    meanwhile: `${provider} posts events of a type that its table lacks, or requests that are none. Known events are taken.`,
    action: 'Read the lines `unknown event` in the log, and add a row to the table of the provider.',
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
    meanwhile: `Events of ${provider} could not be kept. It posts them again: bounces for hours, deliveries for 20 minutes only.`,
    action: 'Read the detail in the log of the events function: it names the service that failed.',
    metric: counted(requests('failed'), 'failed'),
    datapoints: 3,
    of: 4,
    // Only failures are counted, so missing data means that no request failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function addEventsRow(monitoring: Monitoring, providers: readonly EventsProvider[], events: EventsFunction): void {
  monitoring.row('What becomes of accepted mail?', [
    graph('Delivery events, by provider', 8, {
      left: providers.flatMap(({ key }) =>
        COUNTED_EVENTS.map((outcome) =>
          monitoring.metric('DeliveryEvents', 'Sum', { provider: key, outcome }).with({ label: `${key}: ${outcome}` }),
        ),
      ),
    }),
    graph('Accepted twice by delivery events, beside those that were possible (right)', 8, {
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
        ...(events.unanswered ? [events.unanswered.turnedAway.metric({ statistic: 'Sum', label: 'turned away' })] : []),
      ],
    }),
  ]);
}
