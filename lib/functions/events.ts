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
import { EVENTS_MEMORY_MB } from '../configuration/memory.ts';
import type { ListsTable } from '../storage/lists-table.ts';
import type { SuppressionKey } from '../storage/suppression-key.ts';
import { CONSUME, listsStatement, secretStatement, tableStatement } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';
import type { SesEvents } from './ses-events.ts';
import type { UnansweredRequests, WebhookApi } from './webhook-api.ts';

/**
 * Time-out of the function. An HTTP API waits for the answer of a function for at most 30 s. This time-out is a little shorter,
 * so that the function can still answer the provider itself.
 */
const FUNCTION_TIMEOUT = Duration.seconds(29);

/** Key prefixes of the items in the state table that the function reads and writes: used tokens and suppressed addresses. */
const ITEMS = ['token/*', 'suppression/*'];
/** Lists in the lists table that the function reads and writes. */
const LISTS = ['event/*', 'suppressing/*'];
/** Lists that the function only writes: the addresses of the suppression list. */
const ADDRESSES = ['suppressed/*'];
/** Lists that the function only writes: bounces and complaints by class of mail. */
const CLASSES = ['classes/*'];

export interface EventsProps extends FunctionProps {
  /** The providers that post or publish delivery events. */
  readonly providers: readonly EventsProvider[];
  /** The events queue. */
  readonly queue: Queue;
  /** Topic and queue of each provider that publishes its delivery events through SNS, by provider key. */
  readonly published: ReadonlyMap<string, SesEvents>;
  readonly stateTable: ITable;
  readonly listsTable: ListsTable;
  readonly suppressionKey: SuppressionKey;
  /** Classes of mail from which recipients can unsubscribe. */
  readonly unsubscribable: readonly string[];
  /**
   * Classes of mail with `verifiedRecipients`: an address that is not verified gets only one mail from all of these classes.
   */
  readonly gated: readonly string[];
  readonly api: WebhookApi;
  /** Number of requests per second that the HTTP API accepts; a short burst may have twice this number. */
  readonly rate: number;
  /** Reserved concurrency, which is also the largest number of concurrent invocations; undefined: no reserved concurrency. */
  readonly concurrency: number | undefined;
}

/** The Lambda function that receives delivery events, and the IAM role of the function. */
export class EventsFunction extends MailoverFunction<EventsEnvironment> {
  /**
   * Metric filters for the requests that the HTTP API answered in place of the function; undefined if no provider posts its
   * delivery events.
   */
  readonly unanswered: UnansweredRequests | undefined;

  constructor(scope: Construct, id: string, props: EventsProps) {
    const { providers, queue, published, stateTable, listsTable, suppressionKey, api, rate, concurrency } = props;
    super(scope, id, {
      ...props,
      description: 'Receives delivery events from the providers',
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
        // The smallest number that SQS event source mappings allow. It should be below the reserved concurrency of the function:
        // invocations above this concurrency are throttled, and a throttled invocation increases the receive count of its
        // messages.
        maxConcurrency: 2,
      });
    }
  }
}
