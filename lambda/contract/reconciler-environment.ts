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

/** A provider that can be asked for received mail. */
export type ReconciledProvider = InboundProvider & {
  /** Name of the secret of the account. */
  readonly apiSecretName?: string;
  /** Options of the requests for received mail, in the form of the type. */
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
