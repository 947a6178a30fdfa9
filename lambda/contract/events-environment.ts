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

/** A provider from which Mailover receives delivery events. */
export interface EventsProvider {
  readonly key: string;
  readonly type: string;
  readonly sourceRanges?: readonly string[];
  /** Name of the secret with the path, keys and passwords of the provider's webhook requests; absent for a type that publishes events to a topic. */
  readonly secretName?: string;
  /** ARN of the queue with the provider's events; only for a provider type that publishes its events to a topic. */
  readonly queueArn?: string | undefined;
}

export const eventsEnvironment = environment({
  providers: json<readonly EventsProvider[]>('MAILOVER_EVENTS_PROVIDERS'),
  eventsQueueUrl,
  stateTable,
  listsTable,
  suppressionSecret,
  /** Classes of mail with `verifiedRecipients`: an address gets only one mail until the address is verified. Absent: no class. */
  gated: optional(json<readonly string[]>('MAILOVER_GATED')),
  /** Classes of mail from which recipients can unsubscribe; absent: no class. */
  unsubscribable: optional(json<readonly string[]>('MAILOVER_UNSUBSCRIBABLE')),
  ...local,
});

export type EventsEnvironment = Environment<typeof eventsEnvironment>;
