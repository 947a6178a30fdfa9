import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { within } from '../platform/within.ts';
import type { Sender } from './sender.ts';

/** Before the function is stopped, in milliseconds: a batch that outlasts it would come back whole, accepted mail too. */
const ANSWER_MS = 1_500;

/** Works on the messages of a batch side by side; those that have no next home yet stay on their queue. */
export async function sendBatch(
  records: readonly SQSRecord[],
  untilStoppedMs: () => number,
  { send, clock, log }: { readonly send: Sender; readonly clock: Clock; readonly log: Log },
): Promise<SQSBatchResponse> {
  let answered = false;
  const remainingMs = () => (answered ? 0 : untilStoppedMs());
  const results = await Promise.allSettled(
    records.map((record) => within(remainingMs() - ANSWER_MS, send(record, remainingMs), clock)),
  );
  answered = true;
  return {
    batchItemFailures: results.flatMap((result, place) => {
      if (result.status === 'fulfilled') return [];
      const itemIdentifier = records[place]?.messageId ?? '';
      const { name, message } = result.reason instanceof Error ? result.reason : new Error(typeof result.reason);
      log.error('kept on the queue', { queueMessageId: itemIdentifier, error: name, detail: message });
      return [{ itemIdentifier }];
    }),
  };
}
