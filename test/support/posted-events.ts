import { createHash, createHmac, randomBytes } from 'node:crypto';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { StackInfo } from '../../local/api/stack-info.ts';

/** Pause before a provider repeats a post, in milliseconds, which doubles with each; those of Mailgun are minutes. */
const REPEAT_MS = { first: 500, longest: 32_000 } as const;

/** Results of posting events. */
export interface Posting {
  /** Duration of each request, in milliseconds. */
  readonly tookMs: number[];
  /** Number of answers other than 200, by status; 0 for none. */
  readonly refused: Map<number, number>;
}

/** Posts an event of each id as Mailgun does, `rate` a second, or one after the other without one, each until it is taken. */
export async function postEvents(
  { endpoints, webhooks }: StackInfo,
  ids: readonly string[],
  rate?: number,
): Promise<Posting> {
  const { path = '', signingKey = '' } = webhooks['mailgun'] ?? {};
  const tookMs: number[] = [];
  const refused = new Map<number, number>();
  const post = async (id: string): Promise<void> => {
    for (let pauseMs: number = REPEAT_MS.first; ; pauseMs = Math.min(2 * pauseMs, REPEAT_MS.longest)) {
      const begun = performance.now();
      const headers = { 'content-type': 'application/json' };
      const body = deliveredEvent(signingKey, id);
      const status = await fetch(`${endpoints.http}${path}`, { method: 'POST', headers, body }).then(
        async (response) => {
          await response.body?.cancel();
          return response.status;
        },
        () => 0,
      );
      tookMs.push(performance.now() - begun);
      if (status === 200) return;
      refused.set(status, (refused.get(status) ?? 0) + 1);
      await pause(pauseMs * (0.5 + Math.random()));
    }
  };
  if (rate === undefined) for (const id of ids) await post(id);
  else await Promise.all(ids.map((id, place) => pause((place / rate) * 1_000).then(() => post(id))));
  return { tookMs, refused };
}

/** An event as Mailgun signs and posts it. */
function deliveredEvent(key: string, id: string): string {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const token = randomBytes(25).toString('hex');
  const signature = createHmac('sha256', key).update(timestamp).update(token).digest('hex');
  const handle = createHash('sha256').update(id).digest('base64url');
  return JSON.stringify({
    signature: { timestamp, token, signature },
    'event-data': {
      event: 'delivered',
      id,
      timestamp: Date.now() / 1000,
      recipient: 'ada@example.org',
      'user-variables': { 'mailover-id': handle, 'mailover-submission': id, 'mailover-attempt': '1' },
      message: { headers: { 'message-id': `${id}@example.com` } },
    },
  });
}

/** Reads the events queue until an event of each of these submissions has come, or none for two seconds; returns the missing ones. */
export async function missingOnQueue({ endpoints, queues }: StackInfo, ids: readonly string[]): Promise<string[]> {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const sqs = new SQSClient({ endpoint: endpoints.aws, region: 'us-east-1', credentials });
  const missing = new Set(ids);
  while (missing.size > 0) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queues.events, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 }),
    );
    if (Messages.length === 0) break;
    for (const { Body = '' } of Messages) missing.delete((JSON.parse(Body) as { submissionId: string }).submissionId);
    const Entries = Messages.map(({ ReceiptHandle }, place) => ({ Id: String(place), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queues.events, Entries }));
  }
  sqs.destroy();
  return [...missing];
}

/** A part of measured times: 0.5 for their median. */
export function quantile(times: readonly number[], share: number): number {
  return Math.round(times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
