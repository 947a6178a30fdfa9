import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Stack, type StackOptions, startStack } from '../../local/stack.ts';

/** A local stack in this process, with its API and its outbound queue. */
export interface OpenStack {
  readonly stack: Stack;
  /** Calls the API; undefined for an answer without a body, and for something that does not exist. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Puts submissions on the outbound queue. */
  send(submissions: readonly object[]): Promise<void>;
  /** Names of the raised alarms. */
  raised(): Promise<string[]>;
  /** Number of messages on the queues with these names, including delayed and in flight. */
  depth(queues: RegExp): Promise<number>;
  close(): Promise<void>;
}

interface QueueCounts {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Starts a local stack on free ports. */
export async function openStack(options: Omit<StackOptions, 'port'>): Promise<OpenStack> {
  const stack = await startStack({ ...options, port: 0 });
  const sqs = new SQSClient({
    endpoint: stack.info.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  const api = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${stack.url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    stack,
    api,
    async send(submissions) {
      for (let from = 0; from < submissions.length; from += 10) {
        const Entries = submissions
          .slice(from, from + 10)
          .map((body, place) => ({ Id: String(place), MessageBody: JSON.stringify(body) }));
        await sqs.send(new SendMessageBatchCommand({ QueueUrl: stack.info.queues.outbound, Entries }));
      }
    },
    async raised() {
      const alarms = (await api('GET', '/api/alarms')) as { name: string; state: string }[];
      return alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
    },
    async depth(queues) {
      const counts = (await api('GET', '/api/queues')) as QueueCounts[];
      return counts
        .filter(({ name }) => queues.test(name))
        .reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0);
    },
    async close() {
      sqs.destroy();
      await stack.close();
    },
  };
}
