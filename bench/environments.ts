import { deploymentEnvironment } from '../lambda/contract/deployment.ts';
import { senderEnvironment } from '../lambda/contract/environment.ts';
import { eventsEnvironment } from '../lambda/contract/events-environment.ts';
import { healthEnvironment } from '../lambda/contract/health-environment.ts';
import { inboundEnvironment } from '../lambda/contract/inbound-environment.ts';
import type { ProviderConfig } from '../lambda/contract/providers.ts';
import { reconcilerEnvironment } from '../lambda/contract/reconciler-environment.ts';
import { defined } from '../lambda/platform/defined.ts';
import { OUTBOUND } from './record.ts';

const QUEUE = 'http://127.0.0.1:1/000000000000/queue';

/** Environment variables of every function: the variables that Lambda itself sets, and the name and stage of the deployment. */
const COMMON = {
  PATH: process.env['PATH'],
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_SESSION_TOKEN: 'bench',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  ...deploymentEnvironment.encode({ name: 'bench', stage: 'live' }),
};

/** Returns the environment variables of the sender with these providers. */
export function senderVariables(
  providers: readonly ProviderConfig[],
  endpoints?: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  return {
    ...COMMON,
    ...senderEnvironment.encode({
      providers,
      outboundQueueArn: OUTBOUND,
      proofSecret: 'proof-key',
      deadLetterQueueUrl: QUEUE,
      eventsQueueUrl: QUEUE,
      retryQueueUrls: Object.fromEntries(providers.map(({ key }) => [key, QUEUE])),
      mailBucket: 'bench',
      stateTable: 'state',
      maxReceiveCount: 5,
      workers: 50,
    }),
    ...defined({ MAILOVER_ENDPOINTS: endpoints && JSON.stringify(endpoints) }),
  };
}

/** The measured functions other than the sender, and their environment variables. */
export const FUNCTIONS = {
  inbound: {
    ...COMMON,
    ...inboundEnvironment.encode({ providers: [], inboundQueueUrl: QUEUE, mailBucket: 'bench', stateTable: 'state' }),
  },
  reconciler: {
    ...COMMON,
    ...reconcilerEnvironment.encode({
      providers: [],
      inboundQueueUrl: QUEUE,
      mailBucket: 'bench',
      stateTable: 'state',
    }),
  },
  events: {
    ...COMMON,
    ...eventsEnvironment.encode({
      providers: [],
      eventsQueueUrl: QUEUE,
      stateTable: 'state',
      listsTable: 'lists',
      suppressionSecret: 'bench',
    }),
  },
  health: {
    ...COMMON,
    ...healthEnvironment.encode({ providers: [], outboundQueueUrl: QUEUE, stateTable: 'state' }),
  },
} as const satisfies Record<string, NodeJS.ProcessEnv>;
export type MeasuredFunction = keyof typeof FUNCTIONS;
