import type { CanaryConfig, ProviderConfig } from './providers.ts';

/** A provider that receives, and the canaries that prove it. */
export interface InboundCanary {
  readonly key: string;
  readonly canary: CanaryConfig;
}

/** What the health Lambda is told by the deployment. */
export interface HealthEnvironment {
  /** Outbound providers, in the order of the list. */
  readonly providers: readonly ProviderConfig[];
  /** Canaries of the ways in. */
  readonly inboundCanaries: readonly InboundCanary[];
  /** Name or ARN of the secret with the key that proves canaries to the sender; absent without any. */
  readonly letterSecret?: string;
  /** Where canary mail is put. */
  readonly outboundQueueUrl: string;
  /** Name of the state table: circuits and operator switches are read there, the last good answers written. */
  readonly stateTable: string;
  /** Seconds that pass in one real second, for ages and the rhythm of canaries; only a local stack sets it. */
  readonly timeScale?: number;
  /** Since when `timeScale` holds, in epoch milliseconds; only a local stack whose time changed its speed sets it. */
  readonly timeScaleSince?: number;
  /** Endpoint by provider key, replacing the public ones; only a local stack sets it. */
  readonly endpoints?: Readonly<Record<string, string>>;
}

const NAME = {
  providers: 'MAILOVER_HEALTH_PROVIDERS',
  inboundCanaries: 'MAILOVER_INBOUND_CANARIES',
  letterSecret: 'MAILOVER_LETTER_SECRET',
  outboundQueueUrl: 'MAILOVER_OUTBOUND_QUEUE',
  stateTable: 'MAILOVER_STATE_TABLE',
  endpoints: 'MAILOVER_ENDPOINTS',
  timeScale: 'MAILOVER_TIME_SCALE',
  timeScaleSince: 'MAILOVER_TIME_SCALE_SINCE',
} as const;

/** The variable that only the health function has. */
export const HEALTH_MARK = NAME.providers;

/** The environment variables of the health function. Values may hold unresolved deployment tokens. */
export function encodeHealthEnvironment(
  environment: HealthEnvironment,
  stringify: (value: unknown) => string = JSON.stringify,
): Record<string, string> {
  return {
    [NAME.providers]: stringify(environment.providers),
    ...(environment.inboundCanaries.length > 0 && {
      [NAME.inboundCanaries]: stringify(environment.inboundCanaries),
    }),
    ...(environment.letterSecret && { [NAME.letterSecret]: environment.letterSecret }),
    [NAME.outboundQueueUrl]: environment.outboundQueueUrl,
    [NAME.stateTable]: environment.stateTable,
    ...(environment.endpoints && { [NAME.endpoints]: stringify(environment.endpoints) }),
    ...(environment.timeScale && { [NAME.timeScale]: String(environment.timeScale) }),
    ...(environment.timeScaleSince && { [NAME.timeScaleSince]: String(environment.timeScaleSince) }),
  };
}

/** Reads what {@link encodeHealthEnvironment} wrote; fails with the name of a missing variable. */
export function decodeHealthEnvironment(variables: Readonly<Record<string, string | undefined>>): HealthEnvironment {
  const need = (name: string): string => {
    const value = variables[name];
    if (!value) throw new Error(`environment variable ${name} is missing; the deployment must set it`);
    return value;
  };
  const letterSecret = variables[NAME.letterSecret];
  const endpoints = variables[NAME.endpoints];
  const timeScale = variables[NAME.timeScale];
  const timeScaleSince = variables[NAME.timeScaleSince];
  return {
    providers: JSON.parse(need(NAME.providers)),
    inboundCanaries: JSON.parse(variables[NAME.inboundCanaries] ?? '[]'),
    ...(letterSecret && { letterSecret }),
    outboundQueueUrl: need(NAME.outboundQueueUrl),
    stateTable: need(NAME.stateTable),
    ...(endpoints && { endpoints: JSON.parse(endpoints) }),
    ...(timeScale && { timeScale: Number(timeScale) }),
    ...(timeScaleSince && { timeScaleSince: Number(timeScaleSince) }),
  };
}
