import type { ReadEvents, ReportedEvent } from './event.ts';
import type { MailContent } from './inbound.ts';
import type { WebhookModule } from './webhook.ts';

/** Channel on which a provider type reports delivery events, and the code that reads these events. */
export type EventsDefinition<Options> = PostedEvents | PublishedEvents<Options> | MailedEvents;

/** Delivery events that the provider posts to Mailover's HTTP API. */
interface PostedEvents {
  readonly over: 'http';
  /** Fields that the secret of the webhooks must have in addition to `eventsPath`. */
  readonly secretFields: readonly string[];
  /** Optional fields of the secret. Each field contains a previous key or password, which is still accepted during a rotation. */
  readonly optionalSecretFields: readonly string[];
  /** Loads the code that reads posted events, but loads no SDK. */
  load(): Promise<{ readonly events: WebhookModule<ReadEvents> }>;
}

/**
 * Delivery events that SES publishes to an SNS topic of the stack. The SES configuration sets in the options publish these
 * events.
 */
interface PublishedEvents<Options> {
  readonly over: 'topic';
  /** Returns the names of the configuration sets in the options. If the list is empty, the stack creates a configuration set. */
  sets(options: Options): readonly string[];
  withSet(options: Options, name: string): Options;
  /** Returns the region of the configuration sets; undefined for the region of the stack. */
  region(options: Options): string | undefined;
  /** Loads the code that reads published events, but loads no SDK. */
  load(): Promise<{ readEvents(body: string): ReadEvents }>;
}

/** Delivery events in delivery reports, which arrive as received mail. */
interface MailedEvents {
  readonly over: 'mail';
  /** Loads the code that reads the delivery reports. */
  load(): Promise<{ readReport(content: Pick<MailContent, 'headers' | 'files'>): readonly ReportedEvent[] }>;
}
