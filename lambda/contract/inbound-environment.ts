import type { InboundConfig } from './providers.ts';

/** A provider that mail may come over, as the inbound Lambda needs it. */
export type InboundProvider = InboundConfig & {
  /** Name of the secret with path, keys and passwords; absent for a type that needs none. */
  readonly secretName?: string;
};

/** What the inbound Lambda is told by the deployment. */
export interface InboundEnvironment {
  readonly providers: readonly InboundProvider[];
  readonly inboundQueueUrl: string;
  /** Bucket for raw mail, attachments, and messages that are larger than the queue takes; all under `inbound/`. */
  readonly mailBucket: string;
  /** Name of the state table: which mail was delivered, which tokens were used. */
  readonly stateTable: string;
  /** Seconds that pass in one real second, for waits only (never for the age of a signature); only a local stack sets it. */
  readonly timeScale?: number;
  /** Endpoint by provider key: stored mail may be fetched from there too; only a local stack sets it. */
  readonly endpoints?: Readonly<Record<string, string>>;
}

const NAME = {
  providers: 'MAILOVER_INBOUND_PROVIDERS',
  inboundQueueUrl: 'MAILOVER_INBOUND_QUEUE',
  mailBucket: 'MAILOVER_MAIL_BUCKET',
  stateTable: 'MAILOVER_STATE_TABLE',
  endpoints: 'MAILOVER_ENDPOINTS',
  timeScale: 'MAILOVER_TIME_SCALE',
} as const;

/** The environment variables of the inbound function. Values may hold unresolved deployment tokens. */
export function encodeInboundEnvironment(
  environment: InboundEnvironment,
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

/** Reads what {@link encodeInboundEnvironment} wrote; fails with the name of a missing variable. */
export function decodeInboundEnvironment(variables: Readonly<Record<string, string | undefined>>): InboundEnvironment {
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
