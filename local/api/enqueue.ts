import { randomUUID } from 'node:crypto';
import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { inAscii } from '../../lambda/platform/ascii-json.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { GROUP_ID } from '../aws/sent-fields.ts';

// Limits of one SendMessageBatch: ten messages, and 1 MiB for all messages together (AWS quota page, collected 2026-11-23).
const BATCH_ENTRIES = 10;
const BATCH_BYTES = 1_048_576;

/** The outbound queue, with the client that sends to it. */
export interface OutboundQueue {
  readonly sqs: SQSClient;
  readonly outboundUrl: string;
}

type Submission = Readonly<Record<string, unknown>>;

/**
 * One submission for the outbound queue. `group` is the submission's class of mail, if SQS allows the name as a message group.
 * Then a backlog of another class does not delay this submission.
 */
export interface Copy {
  readonly id?: string;
  readonly group?: string;
  readonly body: string;
}

/**
 * Returns copies of a submission, each with a different id. A submission that contains only a reference to an S3 object is copied
 * unchanged, since its id is in the object.
 */
export function copiesOf(submission: Submission, count: number): Copy[] {
  if ('s3' in submission) return Array.from({ length: count }, () => ({ body: inAscii(JSON.stringify(submission)) }));
  const { class: name } = submission;
  const group = typeof name === 'string' && GROUP_ID.test(name) ? name : undefined;
  const given = typeof submission['id'] === 'string' ? submission['id'] : undefined;
  const base = given ?? `send-${randomUUID()}`;
  return Array.from({ length: count }, (_, index) => {
    const id = count === 1 ? base : `${base}-${index + 1}`;
    return { id, ...defined({ group }), body: inAscii(JSON.stringify({ ...submission, id })) };
  });
}

/**
 * Puts one submission on the outbound queue and returns the id of the submission. If `copy` has no id, returns the id of the SQS
 * message.
 */
export async function enqueue(target: OutboundQueue, copy: Copy): Promise<string> {
  const answer = await target.sqs.send(
    new SendMessageCommand({ QueueUrl: target.outboundUrl, MessageBody: copy.body, MessageGroupId: copy.group }),
  );
  return copy.id ?? answer.MessageId ?? '';
}

/**
 * Puts copies of a submission on the outbound queue in batches. Returns the ids of the copies as {@link enqueue} does. `progress`
 * is called after each batch with the number of copies so far. @throws if the queue refuses a copy
 */
export async function enqueueAll(
  target: OutboundQueue,
  copies: readonly Copy[],
  progress: (sent: number) => void,
): Promise<string[]> {
  const ids: string[] = [];
  const size = Math.max(1, Math.min(BATCH_ENTRIES, Math.floor(BATCH_BYTES / (copies[0]?.body.length ?? 1))));
  for (let start = 0; start < copies.length; start += size) {
    const batch = copies.slice(start, start + size);
    const answer = await target.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: target.outboundUrl,
        Entries: batch.map(({ body, group }, index) => ({
          Id: String(index),
          MessageBody: body,
          MessageGroupId: group,
        })),
      }),
    );
    const failed = answer.Failed?.[0];
    if (failed)
      throw new Error(`the queue refused a message: ${failed.Code ?? 'no code'} ${failed.Message ?? ''}`.trim());
    for (const entry of answer.Successful ?? []) ids.push(batch[Number(entry.Id)]?.id ?? entry.MessageId ?? '');
    progress(ids.length);
  }
  return ids;
}
