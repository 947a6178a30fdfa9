import { GetQueueAttributesCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { defined } from '../../lambda/platform/defined.ts';
import type { FullStackInfo } from '../../local/api/stack-info.ts';
import { type OpenStack, openStack, until as waitUntil } from './open-stack.ts';

/** A mail that a simulated provider accepted: the fields of an entry of `GET /api/accepted` that tests use. */
export interface AcceptedEntry {
  readonly provider: string;
  readonly submissionId: string;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly headers: readonly (readonly [string, string])[];
  readonly attachments: readonly { readonly size: number; readonly sha256: string }[];
}

/** A local stack on free ports. Tests use it only through its public interfaces. */
export interface RunningStack extends Omit<OpenStack, 'stack' | 'depth'> {
  /** Address of the API of the local stack. */
  readonly url: string;
  readonly info: FullStackInfo;
  refresh(): Promise<FullStackInfo>;
  breakProvider(key: string, fault: unknown): Promise<void>;
  /** Sets a fault of a simulated AWS service. */
  breakAws(fault: unknown): Promise<void>;
  repairAll(): Promise<void>;
  /**
   * Returns the answer of `GET /api/submissions/ID` without its skipped attempts. Whether the sender skips a provider depends on
   * the results of other mail. Returns undefined while the API does not know the submission.
   */
  submission(id: string): Promise<{ readonly state: string; readonly attempts: readonly object[] } | undefined>;
  /** Returns the mails of one submission that the simulated providers have accepted. */
  entries(id: string): Promise<AcceptedEntry[]>;
  /**
   * Waits until a provider has accepted the mail of each of these submissions at least once, and `enough` returns true. Returns
   * all accepted mails of these submissions.
   */
  accepted(ids: readonly string[], enough?: (entries: AcceptedEntry[]) => boolean): Promise<AcceptedEntry[]>;
  /**
   * Receives messages of the dead-letter queue until there are at least `count` messages. Returns no message twice, since
   * received messages stay invisible for twelve hours.
   */
  letters(count: number): Promise<Message[]>;
  /**
   * Receives up to ten messages of the dead-letter queue. Returns no message twice, since received messages stay invisible for
   * twelve hours.
   */
  receiveLetters(): Promise<Message[]>;
  /** Returns the number of messages on these queues. Delayed messages and messages in flight are included. */
  depth(queueUrls: readonly string[]): Promise<number>;
  until(condition: () => Promise<boolean>): Promise<void>;
}

const POLL_MS = 50;
const PATIENCE_MS = 50_000;

/** Starts a local stack. `app` is the path of a CDK app that is used in place of bin/mailover.ts. */
export async function givenStack(timeScale: number, app?: string): Promise<RunningStack> {
  const { stack, ...open } = await openStack({ timeScale, ...defined({ app }) });
  const { call, sqs } = open;
  const info = (await call('GET', '/api/stack')) as FullStackInfo;
  const until = (condition: () => Promise<boolean>) => waitUntil(condition, PATIENCE_MS, POLL_MS);
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
    ...open,
    url: stack.url,
    info,
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
  };
}
