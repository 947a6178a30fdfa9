import type { ProviderConfig } from './providers.ts';
import type { RouteConfig } from './routes.ts';

/** What the sender Lambda is told by the deployment. */
export interface SenderEnvironment {
  /** Outbound providers, in the order of the list. */
  readonly providers: readonly ProviderConfig[];
  /** Named routes, one for each class that has one; absent: none. */
  readonly routes?: readonly RouteConfig[];
  /** The one queue that producers send to: attributes count there only with their proof. */
  readonly outboundQueueArn: string;
  readonly deadLetterQueueUrl: string;
  readonly eventsQueueUrl: string;
  /** Retry queue URL by provider key. */
  readonly retryQueueUrls: Readonly<Record<string, string>>;
  /** Bucket that submissions and attachments may refer to. */
  readonly mailBucket: string;
  /** Name or ARN of the secret with the key that proves letters. */
  readonly letterSecret: string;
  /** Name of the state table: ledger, circuits, operator switches. */
  readonly stateTable: string;
  /** How often a message is received before SQS itself moves it to the dead-letter queue. */
  readonly maxReceiveCount: number;
  /** Share of the submissions accepted at their first attempt whose line is logged, from 0 to 1; absent: all. */
  readonly straightLogShare?: number;
  /** Seconds that pass in one real second, for delays that wait (never for attempts); only a local stack sets it. */
  readonly timeScale?: number;
  /** Since when `timeScale` holds, in epoch milliseconds; only a local stack whose time changed its speed sets it. */
  readonly timeScaleSince?: number;
  /** Endpoint by provider key, replacing the public ones; only a local stack sets it. */
  readonly endpoints?: Readonly<Record<string, string>>;
}

const NAME = {
  providers: 'MAILOVER_PROVIDERS',
  routes: 'MAILOVER_ROUTES',
  queues: 'MAILOVER_QUEUES',
  mailBucket: 'MAILOVER_MAIL_BUCKET',
  letterSecret: 'MAILOVER_LETTER_SECRET',
  stateTable: 'MAILOVER_STATE_TABLE',
  straightLogShare: 'MAILOVER_STRAIGHT_LOG_SHARE',
  endpoints: 'MAILOVER_ENDPOINTS',
  timeScale: 'MAILOVER_TIME_SCALE',
  timeScaleSince: 'MAILOVER_TIME_SCALE_SINCE',
} as const;

/** The environment variables of the sender function. Values may hold unresolved deployment tokens. */
export function encodeSenderEnvironment(
  environment: SenderEnvironment,
  stringify: (value: unknown) => string = JSON.stringify,
): Record<string, string> {
  const { outboundQueueArn, deadLetterQueueUrl, eventsQueueUrl, retryQueueUrls, maxReceiveCount } = environment;
  return {
    [NAME.providers]: stringify(environment.providers),
    ...(environment.routes?.length && { [NAME.routes]: stringify(environment.routes) }),
    [NAME.queues]: stringify({ outboundQueueArn, deadLetterQueueUrl, eventsQueueUrl, retryQueueUrls, maxReceiveCount }),
    [NAME.mailBucket]: environment.mailBucket,
    [NAME.letterSecret]: environment.letterSecret,
    [NAME.stateTable]: environment.stateTable,
    ...(environment.straightLogShare !== undefined && {
      [NAME.straightLogShare]: String(environment.straightLogShare),
    }),
    ...(environment.endpoints && { [NAME.endpoints]: stringify(environment.endpoints) }),
    ...(environment.timeScaleSince && { [NAME.timeScaleSince]: String(environment.timeScaleSince) }),
    ...(environment.timeScale && { [NAME.timeScale]: String(environment.timeScale) }),
  };
}

/** Reads what {@link encodeSenderEnvironment} wrote; fails with the name of a missing variable. */
export function decodeSenderEnvironment(variables: Readonly<Record<string, string | undefined>>): SenderEnvironment {
  const need = (name: string): string => {
    const value = variables[name];
    if (!value) throw new Error(`environment variable ${name} is missing; the deployment must set it`);
    return value;
  };
  const routes = variables[NAME.routes];
  const straightLogShare = variables[NAME.straightLogShare];
  const endpoints = variables[NAME.endpoints];
  const timeScale = variables[NAME.timeScale];
  const timeScaleSince = variables[NAME.timeScaleSince];
  return {
    providers: JSON.parse(need(NAME.providers)),
    ...(routes && { routes: JSON.parse(routes) }),
    ...(JSON.parse(need(NAME.queues)) as Pick<
      SenderEnvironment,
      'outboundQueueArn' | 'deadLetterQueueUrl' | 'eventsQueueUrl' | 'retryQueueUrls' | 'maxReceiveCount'
    >),
    mailBucket: need(NAME.mailBucket),
    letterSecret: need(NAME.letterSecret),
    stateTable: need(NAME.stateTable),
    ...(straightLogShare && { straightLogShare: Number(straightLogShare) }),
    ...(endpoints && { endpoints: JSON.parse(endpoints) }),
    ...(timeScale && { timeScale: Number(timeScale) }),
    ...(timeScaleSince && { timeScaleSince: Number(timeScaleSince) }),
  };
}
