import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { EventSourceMapping, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  type EventsEnvironment,
  type EventsProvider,
  eventsEnvironment,
} from '../../lambda/contract/events-environment.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { ListsTable } from '../storage/lists-table.ts';
import type { SuppressionKey } from '../storage/suppression-key.ts';
import { CONSUME, listsStatement, secretStatement, tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';
import { EVENTS_MEMORY_MB } from './memory.ts';
import type { SesEvents } from './ses-events.ts';
import type { UnansweredRequests, WebhookApi } from './webhook-api.ts';

/** Time-out just below the 30 s that an HTTP API waits at most, so that providers get the function's own answer. */
const FUNCTION_TIMEOUT = Duration.seconds(29);

/** Key prefixes of state table items that the function reads and writes: used tokens, suppressed addresses. */
const ITEMS = ['token/*', 'suppression/*'];
/** Lists that it reads and writes. */
const LISTS = ['event/*', 'suppressing/*'];
/** Lists that it only writes: the addresses of the suppression list. */
const ADDRESSES = ['suppressed/*'];
/** Lists that it only writes: bounces and complaints by class. */
const CLASSES = ['classes/*'];

export interface EventsProps extends FunctionProps {
  readonly providers: readonly EventsProvider[];
  /** The events queue. */
  readonly queue: Queue;
  /** Published events, by provider key. */
  readonly published: ReadonlyMap<string, SesEvents>;
  readonly stateTable: ITable;
  readonly listsTable: ListsTable;
  readonly suppressionKey: SuppressionKey;
  /** Classes that recipients can unsubscribe from. */
  readonly unsubscribable: readonly string[];
  /** Classes that wait for the first mail of a recipient. */
  readonly gated: readonly string[];
  readonly api: WebhookApi;
  /** Requests a second that the HTTP API admits. */
  readonly rate: number;
  /** Largest number of invocations at a time. */
  readonly concurrency: number | undefined;
}

/** The function that takes delivery events, with its role. */
export class EventsFunction extends MailoverFunction<EventsEnvironment> {
  /** Undefined if no provider posts its events. */
  readonly unanswered: UnansweredRequests | undefined;

  constructor(scope: Construct, id: string, props: EventsProps) {
    const { providers, queue, published, stateTable, listsTable, suppressionKey, api, rate, concurrency } = props;
    super(scope, id, {
      ...props,
      description: 'Takes delivery events from the providers',
      roleDescription: 'Permissions of the events function of Mailover',
      entry: 'lambda/events/handler.ts',
      environment: eventsEnvironment,
      values: {
        providers,
        eventsQueueUrl: queue.queueUrl,
        stateTable: stateTable.tableName,
        listsTable: listsTable.tableName,
        suppressionSecret: suppressionKey.secretArn,
        unsubscribable: props.unsubscribable.length > 0 ? props.unsubscribable : undefined,
        gated: props.gated.length > 0 ? props.gated : undefined,
      },
      smallerEnvironment: 'use fewer providers with events, or fewer source ranges',
      timeout: FUNCTION_TIMEOUT,
      memorySize: EVENTS_MEMORY_MB,
      recursiveLoop: RecursiveLoop.TERMINATE,
      isReleased: true,
      reservedConcurrency: concurrency,
    });
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    const items = [
      ...ITEMS,
      ...(props.unsubscribable.length > 0 ? ['unsubscribed/*'] : []),
      ...(props.gated.length > 0 ? ['verified/*'] : []),
    ];
    this.role.addToPolicy(tableStatement(stateTable, ['GetItem'], [...items, 'submission/*']));
    this.role.addToPolicy(tableStatement(stateTable, ['PutItem'], items));
    this.role.addToPolicy(tableStatement(stateTable, ['BatchGetItem'], ['tally/*']));
    this.role.addToPolicy(listsStatement(listsTable, ['Query'], LISTS));
    this.role.addToPolicy(listsStatement(listsTable, ['PutItem'], [...LISTS, ...ADDRESSES, ...CLASSES]));
    this.role.addToPolicy(suppressionKey.readStatement());
    const secrets = [...new Set(providers.flatMap(({ secretName }) => secretName ?? []))];
    if (secrets.length > 0) this.role.addToPolicy(secretStatement(Stack.of(this), secrets));
    if (providers.some(({ type }) => definitionOf(type).events?.over === 'http'))
      this.unanswered = api.route({ name: 'events', function: this.invoked, rate }, 'Events');
    for (const [key, { queue: source }] of published) {
      this.allow(CONSUME, [source.queueArn]);
      new EventSourceMapping(this, `Published-${key}`, {
        target: this.invoked,
        eventSourceArn: source.queueArn,
        batchSize: 10,
        reportBatchItemFailures: true,
        // Less than the reserved concurrency, where there is one: throttled receives count.
        maxConcurrency: 2,
      });
    }
  }
}
