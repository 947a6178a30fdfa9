import type { ReadEvents, ReportedEvent } from './event.ts';
import type { MailContent } from './inbound.ts';
import type { WebhookModule } from './webhook.ts';

/** How a provider type reports delivery events. */
export type EventsDefinition<Options> = PostedEvents | PublishedEvents<Options> | MailedEvents;

/** Delivery events that the provider posts to the HTTP API. */
interface PostedEvents {
  readonly over: 'http';
  /** Fields that the secret of the webhooks must have in addition to `eventsPath`. */
  readonly secretFields: readonly string[];
  /** Fields of an older key that is still accepted. */
  readonly optionalSecretFields: readonly string[];
  /** Loads the code that reads posted events, without an SDK. */
  load(): Promise<{ readonly events: WebhookModule<ReadEvents> }>;
}

/** Delivery events that SES publishes to a topic of the stack, by the configuration sets of the options. */
interface PublishedEvents<Options> {
  readonly over: 'topic';
  /** Names of the sets that the stack does not make; with none, it makes one, and `withSet` puts it into the options. */
  sets(options: Options): readonly string[];
  withSet(options: Options, name: string): Options;
  /** Region of the sets; that of the stack if undefined. */
  region(options: Options): string | undefined;
  /** Loads the code that reads published events, without an SDK. */
  load(): Promise<{ readEvents(body: string): ReadEvents }>;
}

/** Delivery events in reports that come back as received mail. */
interface MailedEvents {
  readonly over: 'mail';
  /** Loads the code that reads the reports. */
  load(): Promise<{ readReport(content: Pick<MailContent, 'headers' | 'files'>): readonly ReportedEvent[] }>;
}
