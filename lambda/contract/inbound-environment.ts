import {
  type Environment,
  environment,
  eventsQueueUrl,
  inboundQueueUrl,
  json,
  listsTable,
  local,
  mailBucket,
  optional,
  stateTable,
  suppressionSecret,
} from './environment-codec.ts';
import type { InboundConfig } from './providers.ts';

/** A provider through which mail is received. Contains only the fields that the inbound function needs. */
export type InboundProvider = InboundConfig & {
  /** Name of the secret with the path, keys and passwords of the provider's webhook requests; absent for a type that needs no secret. */
  readonly secretName?: string;
};

/** An outbound provider whose delivery reports (bounces and other status mails) arrive as received mail. */
export interface ReportedProvider {
  readonly key: string;
  readonly type: string;
}

export const inboundEnvironment = environment({
  /** This variable and the next three variables are absent if no provider sends its delivery events by mail. */
  reported: optional(json<readonly ReportedProvider[]>('MAILOVER_REPORTED_PROVIDERS')),
  eventsQueueUrl: optional(eventsQueueUrl),
  listsTable: optional(listsTable),
  suppressionSecret: optional(suppressionSecret),
  providers: json<readonly InboundProvider[]>('MAILOVER_INBOUND_PROVIDERS'),
  inboundQueueUrl,
  mailBucket,
  stateTable,
  ...local,
});

export type InboundEnvironment = Environment<typeof inboundEnvironment>;
