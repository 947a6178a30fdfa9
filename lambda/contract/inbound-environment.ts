import {
  type Environment,
  environment,
  inboundQueueUrl,
  json,
  local,
  mailBucket,
  stateTable,
} from './environment-codec.ts';
import type { InboundConfig } from './providers.ts';

/** A provider that mail may be received over, as the inbound function needs it. */
export type InboundProvider = InboundConfig & {
  /** Name of the secret with path, keys and passwords; absent for a type that needs none. */
  readonly secretName?: string;
};

/** The environment of the inbound function. */
export const inboundEnvironment = environment({
  providers: json<readonly InboundProvider[]>('MAILOVER_INBOUND_PROVIDERS'),
  inboundQueueUrl,
  mailBucket,
  stateTable,
  ...local,
});

export type InboundEnvironment = Environment<typeof inboundEnvironment>;
