import {
  type Environment,
  environment,
  eventsQueueUrl,
  json,
  listsTable,
  local,
  optional,
  stateTable,
  suppressionSecret,
} from './environment-codec.ts';

/** A provider that has delivery events. */
export interface EventsProvider {
  readonly key: string;
  readonly type: string;
  readonly sourceRanges?: readonly string[];
  /** Name of the secret with path, keys and passwords; absent for a type that publishes its events. */
  readonly secretName?: string;
  /** ARN of the queue with the events that the type publishes. */
  readonly queueArn?: string | undefined;
}

export const eventsEnvironment = environment({
  providers: json<readonly EventsProvider[]>('MAILOVER_EVENTS_PROVIDERS'),
  eventsQueueUrl,
  stateTable,
  listsTable,
  suppressionSecret,
  /** Classes that wait for the first mail of a recipient; absent: none. */
  gated: optional(json<readonly string[]>('MAILOVER_GATED')),
  /** Classes that recipients can unsubscribe from; absent: none. */
  unsubscribable: optional(json<readonly string[]>('MAILOVER_UNSUBSCRIBABLE')),
  ...local,
});

export type EventsEnvironment = Environment<typeof eventsEnvironment>;
