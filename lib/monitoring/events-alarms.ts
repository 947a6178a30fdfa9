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
import type { Monitoring } from './monitoring.ts';

const PERIOD = Duration.minutes(5);

/** Resources of delivery events that are monitored. */
interface WatchedEvents {
  readonly providers: readonly EventsProvider[];
  readonly events: EventsFunction;
  readonly published: ReadonlyMap<string, SesEvents>;
}

/** Registers every alarm of delivery events, and their row of the dashboard. */
export function watchEvents(monitoring: Monitoring, { providers, events, published }: WatchedEvents): void {
  watchFunction(monitoring, events);
  watchDuplicates(monitoring);
  for (const { key } of providers) watchProviderEvents(monitoring, key);
  for (const [key, { deadLetter }] of published)
    monitoring.alarm({
      title: 'EventsDeadLetters',
      provider: key,
      severity: 'ticket',
      meanwhile: `Events that ${key} published could not be taken for two days; they are kept for 14 days in all.`,
      action: 'Read the reason in the log of the events function, repair it, and redrive them.',
      metric: deadLetter.metricApproximateNumberOfMessagesVisible({
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      threshold: 1,
      datapoints: 1,
      of: 1,
      // SQS stops measuring a queue that was idle for six hours: it was empty, or the alarm is already raised.
      missing: TreatMissingData.IGNORE,
    });
  showEvents(monitoring, providers, events);
}

function watchFunction(monitoring: Monitoring, { function: taker, unanswered }: EventsFunction): void {
  monitoring.alarm({
    title: 'EventsErrors',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile:
      'The function that takes delivery events crashes or is stopped; the providers post them again for a while.',
    action: 'Read the end of its log: a crash after a deployment is a reason to roll back.',
    metric: taker.metricErrors({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    // No event is an error of the function, so each error is a defect of ours; a retry repairs a single one.
    datapoints: 2,
    of: 3,
    // Lambda emits no value without an invocation, and then there is no error.
    missing: TreatMissingData.NOT_BREACHING,
  });
  if (unanswered === undefined) return;
  monitoring.alarm({
    title: 'EventsTurnedAway',
    dependsOnTime: true,
    severity: 'ticket',
    meanwhile:
      'The HTTP API answers in place of the events function: above eventsRate, or because the function does not answer. Mail is sent and received as usual.',
    action: 'See the status in the access log: 429 is the rate, the rest the function.',
    metric: unanswered.turnedAway.metric({ statistic: 'Sum', period: PERIOD }),
    threshold: 1,
    // Providers post again after a few minutes, so a short peak loses nothing.
    datapoints: 3,
    of: 4,
    // Counted from the access log: without a refused request there is no value.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchDuplicates(monitoring: Monitoring): void {
  monitoring.alarm({
    title: 'SentTwice',
    severity: 'ticket',
    meanwhile:
      'Two providers report the same mail for the same recipient, and no answer was lost: a recipient got it twice.',
    action: 'Read the line `sent twice` in the log of the events function, and the record of its submission.',
    metric: monitoring.metric('SentTwice', 'Sum', { outcome: 'unexpected' }, PERIOD),
    threshold: 1,
    datapoints: 1,
    of: 1,
    // Missing data means that no mail was accepted twice.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function watchProviderEvents(monitoring: Monitoring, provider: string): void {
  const requests = (outcome: (typeof EVENT_REQUEST_OUTCOMES)[number]) =>
    monitoring.metric('EventRequests', 'Sum', { provider, outcome }, PERIOD);
  monitoring.alarm({
    title: 'EventsRefused',
    provider,
    severity: 'ticket',
    meanwhile: `Requests with delivery events of ${provider} are refused: bounces and complaints do not arrive, and their addresses are mailed again.`,
    action: 'Compare the address at the provider with EventsUrl, and its keys with those in the secret.',
    metric: counted(requests('refused'), 'refused'),
    threshold: 1,
    // A stranger who guesses paths does not repeat a guess for a quarter of an hour.
    datapoints: 2,
    of: 3,
    // Missing data means no requests, so none was refused.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'EventsUnusable',
    provider,
    severity: 'ticket',
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
    threshold: 1,
    datapoints: 1,
    of: 1,
    // Missing data means no events, so none that is unknown.
    missing: TreatMissingData.NOT_BREACHING,
  });
  monitoring.alarm({
    title: 'EventsFailed',
    dependsOnTime: true,
    provider,
    severity: 'ticket',
    meanwhile: `Events of ${provider} could not be kept. It posts them again: bounces for hours, deliveries for 20 minutes only.`,
    action: 'Read the detail in the log of the events function: it names the service that failed.',
    metric: counted(requests('failed'), 'failed'),
    threshold: 1,
    datapoints: 3,
    of: 4,
    // Missing data means no requests, so none failed.
    missing: TreatMissingData.NOT_BREACHING,
  });
}

function showEvents(monitoring: Monitoring, providers: readonly EventsProvider[], events: EventsFunction): void {
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
