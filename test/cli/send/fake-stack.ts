import { createHash } from 'node:crypto';
import { startServer } from '../../support/local-server.ts';

interface QueueMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Decides how the fake sender treats a submission on the outbound queue. */
export type Behaviour = (submission: {
  readonly id: string;
}) => 'accept' | 'keep' | 'suppress' | { reason: string; id?: string };

/** A fake local stack for `npm run send`: its description, its accepted mail, and SQS, on one port. */
export interface FakeStack {
  readonly port: string;
  readonly bodies: string[];
  /** Number of messages that were received, and are still invisible to other receivers. */
  hidden(): number;
  close(): Promise<void>;
}

/** Starts a fake stack on loopback; the queue URLs in its answers use the same port. */
export async function fakeStack(behave: Behaviour, { ready = true } = {}): Promise<FakeStack> {
  const bodies: string[] = [];
  const accepted: object[] = [];
  const suppressed: string[] = [];
  const queues: Record<string, QueueMessage[]> = { dead: [], retry: [] };
  const hidden = new Set<QueueMessage>();
  let base = '';

  const take = (body: string) => {
    bodies.push(body);
    const submission = JSON.parse(body) as { id: string };
    const what = behave(submission);
    if (what === 'accept')
      accepted.push({ provider: 'postmark', submissionId: submission.id, providerMessageId: 'pm-1' });
    else if (what === 'keep') queues['retry']?.push({ body });
    else if (what === 'suppress') suppressed.push(submission.id);
    else {
      const attributes = {
        Reason: what.reason,
        Detail: 'to: address without a domain',
        SubmissionId: what.id ?? submission.id,
      };
      queues['dead']?.push({ body, attributes });
    }
  };

  const sqs: Record<string, (input: SqsInput) => object> = {
    SendMessage: ({ MessageBody }) => {
      take(MessageBody);
      return { MessageId: 'm', MD5OfMessageBody: md5(MessageBody) };
    },
    SendMessageBatch: ({ Entries }) => ({
      Successful: Entries.map(({ Id, MessageBody }) => {
        take(MessageBody);
        return { Id, MessageId: `m${Id}`, MD5OfMessageBody: md5(MessageBody) };
      }),
    }),
    ReceiveMessage: ({ QueueUrl, VisibilityTimeout }) => {
      const visible = held(queues, QueueUrl).filter((message) => !hidden.has(message));
      const Messages = visible.slice(0, 10).map((message) => {
        if (VisibilityTimeout > 0) hidden.add(message);
        return { MessageId: 'm', ReceiptHandle: 'r', Body: message.body, ...checked(message) };
      });
      return { Messages };
    },
    ChangeMessageVisibilityBatch: ({ Entries }) => {
      for (const message of [...hidden].slice(0, Entries.length)) hidden.delete(message);
      return { Successful: Entries.map(({ Id }) => ({ Id })) };
    },
    GetQueueAttributes: ({ QueueUrl }) => ({
      Attributes: { ApproximateNumberOfMessages: String(held(queues, QueueUrl).length) },
    }),
  };

  const server = await startServer((response, request) => {
    const answer = (value: unknown) => response.end(JSON.stringify(value));
    const url = new URL(request.url, base);
    if (url.pathname === '/api/stack') {
      answer({
        ready,
        queues: {
          outbound: `${base}/000000000000/outbound`,
          deadLetter: `${base}/000000000000/dead`,
          events: `${base}/000000000000/events`,
          retry: { postmark: `${base}/000000000000/retry` },
        },
        providers: ['postmark', 'ses'].map((key) => ({ key, type: key, url: '' })),
      });
    } else if (url.pathname === '/api/accepted') {
      answer(accepted);
    } else if (url.pathname === '/api/submissions') {
      answer(suppressed.map((id) => ({ id, state: 'suppressed' })));
    } else if (url.pathname.startsWith('/api/submissions/')) {
      const id = decodeURIComponent(url.pathname.slice('/api/submissions/'.length));
      answer({ id, state: suppressed.includes(id) ? 'suppressed' : 'waiting' });
    } else {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      answer(sqs[operation]?.(JSON.parse(request.body.toString()) as SqsInput) ?? {});
    }
  });
  base = server.url;
  return { port: server.port, bodies, hidden: () => hidden.size, close: server.close };
}

interface SqsInput {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly VisibilityTimeout: number;
  readonly Entries: readonly { readonly Id: string; readonly MessageBody: string }[];
}

function held(queues: Readonly<Record<string, QueueMessage[]>>, queueUrl: string): QueueMessage[] {
  return queues[queueUrl.split('/').at(-1) ?? ''] ?? [];
}

function checked({ body, attributes = {} }: QueueMessage): object {
  const entries = Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]);
  return { MD5OfBody: md5(body), MessageAttributes: Object.fromEntries(entries) };
}

function md5(body: string): string {
  return createHash('md5').update(body).digest('hex');
}
