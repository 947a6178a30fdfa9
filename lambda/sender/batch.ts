import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { batchResponse } from '../platform/batch-response.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { isReturned } from './crashes.ts';
import type { MessageProcessor } from './sender.ts';
import { MessageKeptError } from './work.ts';

/**
 * The result of the batch is returned to SQS at the latest this number of milliseconds before the time-out of the Lambda
 * function. Without a result, SQS would deliver all messages of the batch again, even messages that a provider has accepted.
 */
const ANSWER_MS = 1_500;

/**
 * Processes the messages of a batch. Messages that are received for the first time are processed in parallel. Then the messages
 * that were received before are processed one by one: if the process crashes, the table shows which message it was processing. If
 * less than half of the time is left, the remaining messages stay on their queue for a later batch. A message also stays on its
 * queue if its processing failed.
 */
export async function sendBatch(
  records: readonly SQSRecord[],
  untilStoppedMs: () => number,
  { send, clock, log }: { readonly send: MessageProcessor; readonly clock: Clock; readonly log: Log },
): Promise<SQSBatchResponse> {
  let answered = false;
  const wholeMs = untilStoppedMs();
  const remainingMs = () => (answered ? 0 : untilStoppedMs());
  const work = (record: SQSRecord) => withTimeout(remainingMs() - ANSWER_MS, send(record, remainingMs), clock);
  const results = new Map<SQSRecord, PromiseSettledResult<void>>();
  const settle = async (some: readonly SQSRecord[]): Promise<void> => {
    const settled = await Promise.allSettled(some.map(work));
    for (const [place, result] of settled.entries()) results.set(some[place] as SQSRecord, result);
  };
  const { returned = [], fresh = [] } = Object.groupBy(records, (record) =>
    isReturned(record) ? 'returned' : 'fresh',
  );
  await settle(fresh);
  for (const record of returned) {
    const reason = new MessageKeptError('left for a later batch, since no time is left');
    if (results.size === 0 || remainingMs() > wholeMs / 2) await settle([record]);
    else results.set(record, { status: 'rejected', reason });
  }
  answered = true;
  return batchResponse(results, log);
}
