import { setTimeout as wait } from 'node:timers/promises';
import { GetQueueAttributesCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { defined } from '../../lambda/platform/defined.ts';
import type { FullStackInfo } from '../../local/api/stack-info.ts';
import { startStack } from '../../local/stack.ts';

/** Fields of an entry of `GET /api/accepted` that tests use. */
export interface AcceptedEntry {
  readonly provider: string;
  readonly submissionId: string;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly headers: readonly (readonly [string, string])[];
  readonly attachments: readonly { readonly size: number; readonly sha256: string }[];
}

/** A stack on free ports, used only over its public interfaces. */
export interface RunningStack {
  /** Address of the API. */
  readonly url: string;
  readonly info: FullStackInfo;
  /** Client of the queues of the stack; closed with it. */
  readonly sqs: SQSClient;
  refresh(): Promise<FullStackInfo>;
  breakProvider(key: string, fault: unknown): Promise<void>;
  /** Sets a fault of an AWS service. */
  breakAws(fault: unknown): Promise<void>;
  repairAll(): Promise<void>;
  /**
   * As `GET /api/submissions/ID`, without the skips, which depend on what other mail met before; undefined while the
   * submission is not known.
   */
  submission(id: string): Promise<{ readonly state: string; readonly attempts: readonly object[] } | undefined>;
  /** Mails of one submission that the simulators have accepted. */
  entries(id: string): Promise<AcceptedEntry[]>;
  /** Polls until each id was accepted at least once (and `enough` is true), and returns all their entries. */
  accepted(ids: readonly string[], enough?: (entries: AcceptedEntry[]) => boolean): Promise<AcceptedEntry[]>;
  /** Receives at least that many messages of the dead-letter queue, none of them twice. */
  letters(count: number): Promise<Message[]>;
  /** Receives the messages of the dead-letter queue, at most ten, none of them twice. */
  receiveLetters(): Promise<Message[]>;
  /** Number of messages on these queues, including delayed and in flight. */
  depth(queueUrls: readonly string[]): Promise<number>;
  until(condition: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

const POLL_MS = 50;
const PATIENCE_MS = 50_000;

/** Starts a stack; `app`: a CDK app other than bin/mailover.ts. */
export async function givenStack(timeScale: number, app?: string): Promise<RunningStack> {
  const stack = await startStack({ port: 0, timeScale, ...defined({ app }) });
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, stack.url), {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text ? JSON.parse(text) : undefined;
  };
  const info = (await call('GET', '/api/stack')) as FullStackInfo;
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const sqs = new SQSClient({ endpoint: info.endpoints.aws, region: 'us-east-1', credentials });
  const until = async (condition: () => Promise<boolean>) => {
    const end = Date.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (Date.now() > end) throw new Error(`not reached within ${PATIENCE_MS} ms`);
      await wait(POLL_MS);
    }
  };
  const receiveLetters = async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: info.queues.deadLetter,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        VisibilityTimeout: 43_200,
      }),
    );
    return Messages;
  };
  return {
    url: stack.url,
    info,
    sqs,
    refresh: async () => (await call('GET', '/api/stack')) as FullStackInfo,
    breakProvider: async (key, fault) => {
      await call('PUT', `/api/providers/${key}/fault`, fault);
    },
    breakAws: async (fault) => {
      await call('PUT', '/api/aws/fault', fault);
    },
    submission: async (id) => {
      const response = await fetch(new URL(`/api/submissions/${id}`, stack.url));
      if (!response.ok) return undefined;
      const body = (await response.json()) as { state: string; attempts: { outcome?: string }[] };
      return { ...body, attempts: body.attempts.filter(({ outcome }) => outcome !== 'skipped') };
    },
    entries: async (id) => (await call('GET', `/api/accepted?raw=false&id=${id}`)) as AcceptedEntry[],
    repairAll: async () => {
      await Promise.all([
        ...info.providers.map(({ key }) => call('DELETE', `/api/providers/${key}/fault`)),
        call('DELETE', '/api/aws/fault'),
      ]);
      await call('DELETE', '/api/circuits');
    },
    accepted: async (ids, enough = () => true) => {
      let entries: AcceptedEntry[] = [];
      await until(async () => {
        const all = (await call('GET', '/api/accepted?raw=false')) as AcceptedEntry[];
        entries = all.filter(({ submissionId }) => ids.includes(submissionId));
        return new Set(entries.map(({ submissionId }) => submissionId)).size === ids.length && enough(entries);
      });
      return entries;
    },
    letters: async (count) => {
      const found: Message[] = [];
      await until(async () => {
        found.push(...(await receiveLetters()));
        return found.length >= count;
      });
      return found;
    },
    receiveLetters,
    depth: async (queueUrls) => {
      const counts = await Promise.all(
        queueUrls.map(async (QueueUrl) => {
          const { Attributes = {} }: { Attributes?: Record<string, string> | undefined } = await sqs.send(
            new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
          );
          return ['', 'NotVisible', 'Delayed'].reduce(
            (sum, kind) => sum + Number(Attributes[`ApproximateNumberOfMessages${kind}`] ?? 0),
            0,
          );
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    until,
    close: () => {
      sqs.destroy();
      return stack.close();
    },
  };
}
