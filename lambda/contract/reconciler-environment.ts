import {
  type Environment,
  environment,
  inboundQueueUrl,
  json,
  local,
  mailBucket,
  stateTable,
} from './environment-codec.ts';
import type { InboundProvider } from './inbound-environment.ts';

/** A provider whose API can list the mail that the provider received. */
export type ReconciledProvider = InboundProvider & {
  /** Name of the secret with the credentials of the account at the provider. */
  readonly apiSecretName?: string;
  /** Options of the API requests that list received mail; each provider type defines its own options. */
  readonly missed: object;
};

export const reconcilerEnvironment = environment({
  providers: json<readonly ReconciledProvider[]>('MAILOVER_RECONCILED_PROVIDERS'),
  inboundQueueUrl,
  mailBucket,
  stateTable,
  ...local,
});

export type ReconcilerEnvironment = Environment<typeof reconcilerEnvironment>;
