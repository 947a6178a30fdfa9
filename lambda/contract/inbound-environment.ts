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

/** A provider that mail may be received over, as the inbound function needs it. */
export type InboundProvider = InboundConfig & {
  /** Name of the secret with path, keys and passwords; absent for a type that needs none. */
  readonly secretName?: string;
};

/** A provider whose delivery reports come back as received mail. */
export interface ReportedProvider {
  readonly key: string;
  readonly type: string;
}

export const inboundEnvironment = environment({
  /** Absent, like the three below, if no provider's events come as mail. */
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
