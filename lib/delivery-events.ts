import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { EventsProvider } from '../lambda/contract/events-environment.ts';
import type { ProviderConfig } from '../lambda/contract/providers.ts';
import type { RouteConfig } from '../lambda/contract/routes.ts';
import { gatedClasses, unsubscribableClasses } from './configuration/unsubscribe-links.ts';
import { EventsFunction } from './functions/events.ts';
import type { FunctionProps } from './functions/function.ts';
import { MirrorFunction } from './functions/mirror.ts';
import type { SesEvents } from './functions/ses-events.ts';
import { UnsubscribeFunction } from './functions/unsubscribe.ts';
import type { WebhookApi } from './functions/webhook-api.ts';
import type { MailoverProps } from './mailover-props.ts';
import { watchEvents } from './monitoring/events-alarms.ts';
import type { Monitoring } from './monitoring/monitoring.ts';
import { watchSuppressions } from './monitoring/suppression-alarms.ts';
import { watchUnsubscribe } from './monitoring/unsubscribe-alarms.ts';
import type { ListsTable } from './storage/lists-table.ts';
import type { SuppressionKey } from './storage/suppression-key.ts';

/** Resources and settings of the functions for delivery events and the suppression list. */
export interface DeliveryEventsProps extends FunctionProps {
  /** The sending providers. */
  readonly providers: readonly ProviderConfig[];
  /** The providers that post or publish delivery events. */
  readonly reporting: readonly EventsProvider[];
  /** Topic and queue of each provider that publishes its delivery events through SNS, by provider key. */
  readonly published: ReadonlyMap<string, SesEvents>;
  readonly routes: readonly RouteConfig[];
  /** The events queue. */
  readonly queue: Queue;
  readonly stateTable: ITable;
  readonly listsTable: ListsTable;
  /** Key of the suppression list; undefined if no address can be suppressed. */
  readonly suppressionKey: SuppressionKey | undefined;
  /** The HTTP API; undefined if no function needs it. */
  readonly api: WebhookApi | undefined;
  /** Reserved concurrency of the events function; undefined: no reserved concurrency. */
  readonly concurrency: number | undefined;
  readonly rates: Pick<MailoverProps, 'eventsRate' | 'unsubscribeRate'>;
}

/** Functions for delivery events and for the suppression list. A function that the configuration does not need is undefined. */
interface DeliveryEvents {
  readonly events: EventsFunction | undefined;
  readonly mirror: MirrorFunction | undefined;
}

/**
 * Creates the functions for delivery events and for the suppression list, with their alarms. The first function accepts delivery
 * events. The second function answers requests to the links to unsubscribe. The third function keeps the suppression list and the
 * providers' own lists of suppressed addresses equal.
 */
export function addEventFunctions(
  scope: Construct,
  monitoring: Monitoring,
  props: DeliveryEventsProps,
): DeliveryEvents {
  const { providers, reporting, published, routes, queue, suppressionKey, api, rates } = props;
  const unsubscribable = unsubscribableClasses(routes);
  const unsubscribes = unsubscribable.length > 0;
  if (!api || !suppressionKey || !(reporting.length > 0 || unsubscribes))
    return { events: undefined, mirror: undefined };
  const common = { ...props, suppressionKey, api };
  if (unsubscribes)
    watchUnsubscribe(
      monitoring,
      new UnsubscribeFunction(scope, 'Unsubscribe', { ...common, rate: rates.unsubscribeRate ?? 20 }),
    );
  let events: EventsFunction | undefined;
  if (reporting.length > 0) {
    events = new EventsFunction(scope, 'Events', {
      ...common,
      providers: reporting.map((one) => ({ ...one, queueArn: published.get(one.key)?.queue.queueArn })),
      queue,
      published,
      unsubscribable,
      gated: gatedClasses(routes),
      rate: rates.eventsRate ?? 100,
    });
    watchEvents(monitoring, { providers: reporting, events, published });
  }
  const mirrored = providers.filter(({ key }) => reporting.some((one) => one.key === key));
  const overridesHardBounces = routes.some((route) => route.overrideHardBounces);
  const mirror = new MirrorFunction(scope, 'Mirror', {
    ...common,
    providers: mirrored,
    unsubscribes,
    overridesHardBounces,
  });
  watchSuppressions(monitoring, mirrored, mirror);
  return { events, mirror };
}
