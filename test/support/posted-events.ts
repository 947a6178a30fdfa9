import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { StackInfo } from '../../local/api/stack-info.ts';
import { signPost } from '../../local/simulators/mailgun/webhook.ts';
import { localAws } from './open-stack.ts';

/**
 * Milliseconds before a failed request is repeated. The pause doubles with each repetition, up to `longest`. The real Mailgun
 * pauses for minutes.
 */
const REPEAT_MS = { first: 500, longest: 32_000 } as const;

/** Result of posting events to the webhook of the stack. */
export interface Posting {
  /** Duration of each request, in milliseconds. */
  readonly tookMs: number[];
  /** Number of failed requests by the status of their answer. The status 0 counts requests without an answer. */
  readonly refused: Map<number, number>;
}

/**
 * Posts one delivery event for each submission id, as Mailgun does, and repeats each request until its answer is 200. Starts
 * `rate` events a second. Without `rate`, posts one event after the other.
 */
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

/**
 * Returns the delivery event of a submission in the format of Mailgun, signed with `key`. `attempt` is the value with which the
 * sender marks the mail: the number of the attempt, and the class of the mail if it has one.
 */
export function deliveredEvent(key: string, id: string, attempt = '1'): string {
  const handle = createHash('sha256').update(id).digest('base64url');
  return JSON.stringify({
    signature: signPost(key, Math.floor(Date.now() / 1000)),
    'event-data': {
      event: 'delivered',
      id,
      timestamp: Date.now() / 1000,
      recipient: 'ada@example.org',
      'user-variables': { 'mailover-id': handle, 'mailover-submission': id, 'mailover-attempt': attempt },
      message: { headers: { 'message-id': `${id}@example.com` } },
    },
  });
}

/**
 * Reads the events queue until each of these submissions has an event, or until no event arrives for two seconds. Returns the ids
 * of the submissions without an event.
 */
export async function missingOnQueue({ endpoints, queues }: StackInfo, ids: readonly string[]): Promise<string[]> {
  const sqs = new SQSClient(localAws(endpoints.aws));
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

/** Returns a quantile of measured times. For example, a `share` of 0.5 returns the median. */
export function quantile(times: readonly number[], share: number): number {
  return Math.round(times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
}
