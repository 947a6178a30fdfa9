import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { LOCAL_ACCESS } from '../../cli/local-stack.ts';
import { type Stack, type StackOptions, startStack } from '../../local/stack.ts';

/** A local stack that runs in this process, with functions to call its API and to send mail. */
export interface OpenStack {
  readonly stack: Stack;
  /** SQS client for the queues of the stack. It is closed together with the stack. */
  readonly sqs: SQSClient;
  /**
   * Calls the API of the stack, and returns the parsed body of the answer. Returns undefined if the answer has no body or the
   * status 404.
   */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Calls the API of the stack as `api` does, but throws if the answer has the status 404. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Puts submissions on the outbound queue, ten with each request. */
  send(submissions: readonly object[]): Promise<void>;
  /** Returns the names of the alarms that are raised at present. */
  raised(): Promise<string[]>;
  /**
   * Returns the number of calls to which the faults of a simulated provider have applied. With `place`, returns this number for
   * one of several faults.
   */
  hits(provider: string, place?: number): Promise<number>;
  /** Returns the circuit breakers of all providers: the answer to `GET /api/circuits`. */
  circuits(): Promise<readonly Circuit[]>;
  /** Returns the number of messages on all queues whose name matches. Delayed messages and messages in flight are included. */
  depth(queues: RegExp): Promise<number>;
  close(): Promise<void>;
}

interface Circuit {
  readonly provider: string;
  readonly state: string;
}

interface Hits {
  readonly hits: number;
}

interface QueueCounts {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Returns the options of an AWS client for the services of a local stack. */
export function localAws(endpoint: string) {
  return { endpoint, ...LOCAL_ACCESS };
}

/** Starts a local stack on free ports. */
export async function openStack(options: Omit<StackOptions, 'port'>): Promise<OpenStack> {
  const stack = await startStack({ ...options, port: 0 });
  const sqs = new SQSClient(localAws(stack.info.endpoints.aws));
  const ask = async (canLack: boolean, method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, stack.url), {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (canLack && response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const api: OpenStack['api'] = (...request) => ask(true, ...request);
  const call: OpenStack['call'] = (...request) => ask(false, ...request);
  return {
    stack,
    sqs,
    api,
    call,
    async send(submissions) {
      for (let from = 0; from < submissions.length; from += 10) {
        const Entries = submissions
          .slice(from, from + 10)
          .map((body, place) => ({ Id: String(place), MessageBody: JSON.stringify(body) }));
        const { Failed = [] } = await sqs.send(
          new SendMessageBatchCommand({ QueueUrl: stack.info.queues.outbound, Entries }),
        );
        if (Failed.length > 0) throw new Error(`not sent: ${JSON.stringify(Failed)}`);
      }
    },
    async raised() {
      const alarms = (await api('GET', '/api/alarms')) as { name: string; state: string }[];
      return alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
    },
    async hits(provider, place) {
      const faults = [(await call('GET', `/api/providers/${provider}/fault`)) as Hits | Hits[]].flat();
      return place === undefined ? faults.reduce((sum, { hits }) => sum + hits, 0) : (faults[place]?.hits ?? 0);
    },
    circuits: async () => (await call('GET', '/api/circuits')) as Circuit[],
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

/**
 * Waits until `condition` returns true, and checks it every `pollMs` milliseconds.
 *
 * @throws Error if the condition is still false after `patienceMs` milliseconds
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  patienceMs: number,
  pollMs: number,
): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not reached within ${patienceMs} ms`);
    await wait(pollMs);
  }
}
