import type { InboundProvider } from './inbound-environment.ts';

/** A provider that can be asked for received mail. */
export type ReconciledProvider = InboundProvider & {
  /** Name of the secret of the account. */
  readonly apiSecretName?: string;
  readonly region?: 'us' | 'eu';
  /** Domains that Mailgun lists received mail under. */
  readonly domains?: readonly string[];
  /** What becomes of mail that a rule of Postmark holds back. */
  readonly blocked?: 'receive' | 'leave';
};

/** What the reconciler is told by the deployment. */
export interface ReconcilerEnvironment {
  readonly providers: readonly ReconciledProvider[];
  readonly inboundQueueUrl: string;
  readonly mailBucket: string;
  readonly stateTable: string;
  /** Seconds that pass in one real second; only a local stack sets it. */
  readonly timeScale?: number;
  /** Endpoint by provider key; only a local stack sets it. */
  readonly endpoints?: Readonly<Record<string, string>>;
}

const NAME = {
  providers: 'MAILOVER_RECONCILED_PROVIDERS',
  inboundQueueUrl: 'MAILOVER_INBOUND_QUEUE',
  mailBucket: 'MAILOVER_MAIL_BUCKET',
  stateTable: 'MAILOVER_STATE_TABLE',
  endpoints: 'MAILOVER_ENDPOINTS',
  timeScale: 'MAILOVER_TIME_SCALE',
} as const;

/** The environment variables of the reconciler. Values may hold unresolved deployment tokens. */
export function encodeReconcilerEnvironment(
  environment: ReconcilerEnvironment,
  stringify: (value: unknown) => string = JSON.stringify,
): Record<string, string> {
  return {
    [NAME.providers]: stringify(environment.providers),
    [NAME.inboundQueueUrl]: environment.inboundQueueUrl,
    [NAME.mailBucket]: environment.mailBucket,
    [NAME.stateTable]: environment.stateTable,
    ...(environment.endpoints && { [NAME.endpoints]: stringify(environment.endpoints) }),
    ...(environment.timeScale && { [NAME.timeScale]: String(environment.timeScale) }),
  };
}

/** Reads what {@link encodeReconcilerEnvironment} wrote; fails with the name of a missing variable. */
export function decodeReconcilerEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): ReconcilerEnvironment {
  const need = (name: string): string => {
    const value = variables[name];
    if (!value) throw new Error(`environment variable ${name} is missing; the deployment must set it`);
    return value;
  };
  const endpoints = variables[NAME.endpoints];
  const timeScale = variables[NAME.timeScale];
  return {
    providers: JSON.parse(need(NAME.providers)),
    inboundQueueUrl: need(NAME.inboundQueueUrl),
    mailBucket: need(NAME.mailBucket),
    stateTable: need(NAME.stateTable),
    ...(endpoints && { endpoints: JSON.parse(endpoints) }),
    ...(timeScale && { timeScale: Number(timeScale) }),
  };
}
