import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Table } from '../../lambda/platform/table.ts';
import type { LocalEventBuses } from '../aws/event-bus.ts';
import type { SqsQueue } from '../aws/fauxqs.ts';
import { LocalQueue } from '../aws/queue.ts';
import type { AwsServer } from '../aws/server.ts';
import type { StackClock } from '../clock.ts';
import type { RunningFunctions } from '../lambda/running-functions.ts';
import type { startSimulators } from '../simulators/main.ts';
import type { LocalReceiving } from '../simulators/start-receiving.ts';
import type { Deployment } from '../template/deployed.ts';
import type { FoundFunction } from '../template/find-function.ts';
import type { Drawing } from './console-state.ts';
import type { ReadDeliveries } from './deliveries.ts';
import type { ReceivedLog } from './received-log.ts';
import type { QueueCount, StackInfo } from './stack-info.ts';
import { SubmissionLog } from './submission-log.ts';

/**
 * The parts of the local stack that have been started so far. While the stack starts, the API answers with the data of these
 * parts.
 */
export interface Live {
  ready: boolean;
  aws?: AwsServer;
  http?: { readonly url: string };
  dynamodb?: { readonly url: string; close(): Promise<void> };
  /** Client of the state table. Simulated faults do not apply to this client. */
  state?: Table;
  deployment?: Deployment;
  drawing?: Drawing;
  sender?: FoundFunction<SenderEnvironment>;
  receiving?: LocalReceiving;
  received?: ReceivedLog;
  submissions?: SubmissionLog;
  /** Reads delivery events; absent if no provider has delivery events. */
  deliveries?: ReadDeliveries | undefined;
  simulators?: Awaited<ReturnType<typeof startSimulators>>;
  functions?: RunningFunctions;
  readonly buses: LocalEventBuses;
}

/** Returns the state of the stack in the form of the answer to `GET /api/stack`. */
export function infoOf({
  ready,
  aws,
  http,
  dynamodb,
  deployment,
  sender,
  receiving,
  simulators,
  functions,
}: Live): StackInfo {
  const { outputs = {} } = deployment ?? {};
  const url = (name: string, output: string): Record<string, string> => {
    const value = outputs[output];
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ready,
    queues: {
      ...url('outbound', 'OutboundQueueUrl'),
      ...url('deadLetter', 'DeadLetterQueueUrl'),
      retry: sender?.environment.retryQueueUrls ?? {},
      ...url('inbound', 'InboundQueueUrl'),
      ...url('events', 'EventsQueueUrl'),
    },
    buckets: url('mail', 'MailBucketName'),
    tables: { ...url('state', 'StateTableName'), ...url('lists', 'ListsTableName') },
    endpoints: { aws: aws?.url ?? '', ...defined({ http: http?.url, dynamodb: dynamodb?.url }) },
    providers: (sender?.environment.providers ?? []).flatMap(({ key, type }) => {
      const endpoint = simulators?.endpoints[key];
      return endpoint === undefined ? [] : [{ key, type, url: endpoint }];
    }),
    processes: functions?.processes ?? [],
    inbound: receiving?.info ?? {},
    webhooks: receiving?.webhooks ?? {},
  };
}

/** Returns the message counts of all queues, in the order in which the template defines the queues. */
export function queueCounts({ aws }: Live): QueueCount[] {
  return [...(aws?.queues.allQueues() ?? [])].map((queue) => ({
    name: queue.name,
    url: queue.url,
    visible: Number(queue.getAttribute('ApproximateNumberOfMessages')),
    inFlight: Number(queue.getAttribute('ApproximateNumberOfMessagesNotVisible')),
    delayed: Number(queue.getAttribute('ApproximateNumberOfMessagesDelayed')),
  }));
}

/**
 * Creates the log of submissions, which records the messages that are put on the sender's queues. Throws if one of these queues
 * does not exist.
 */
export function submissionLogOf(
  { environment }: NonNullable<Live['sender']>,
  aws: AwsServer,
  clock: StackClock,
): SubmissionLog {
  const queue = (found: SqsQueue | undefined): LocalQueue => {
    if (found instanceof LocalQueue) return found;
    throw new Error('the assembly lacks a queue that the environment of the sender names');
  };
  const { outboundQueueArn, deadLetterQueueUrl, retryQueueUrls } = environment;
  const queues = {
    outbound: queue(aws.queues.getQueueByArn(outboundQueueArn)),
    retry: Object.values(retryQueueUrls).map((url) => queue(aws.queues.getQueue(url))),
    deadLetter: queue(aws.queues.getQueue(deadLetterQueueUrl)),
  };
  return new SubmissionLog(queues, aws.buckets, clock);
}
