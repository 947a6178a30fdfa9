import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { batchResponse } from '../platform/batch-response.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { within } from '../platform/within.ts';
import { isReturned } from './crashes.ts';
import type { MessageProcessor } from './sender.ts';
import { MessageKeptError } from './work.ts';

/**
 * Time left before Lambda stops the function, in milliseconds: a batch that exceeds it would be delivered again, with its
 * accepted messages.
 */
const ANSWER_MS = 1_500;

/**
 * Processes the messages of a batch in parallel, then one by one those that were received before: if the process
 * crashes again, the table shows which message it had claimed. Messages that could not be passed on stay on their
 * queue.
 */
export async function sendBatch(
  records: readonly SQSRecord[],
  untilStoppedMs: () => number,
  { send, clock, log }: { readonly send: MessageProcessor; readonly clock: Clock; readonly log: Log },
): Promise<SQSBatchResponse> {
  let answered = false;
  const wholeMs = untilStoppedMs();
  const remainingMs = () => (answered ? 0 : untilStoppedMs());
  const work = (record: SQSRecord) => within(remainingMs() - ANSWER_MS, send(record, remainingMs), clock);
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
