import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Log } from './log.ts';
import { reportError } from './service-failure.ts';

/** Logs each failed message of a batch, and returns the answer for SQS. Failed messages stay on their queue; SQS deletes all other messages. */
export function batchResponse(
  results: Iterable<readonly [SQSRecord, PromiseSettledResult<void>]>,
  log: Log,
): SQSBatchResponse {
  return {
    batchItemFailures: Array.from(results).flatMap(([{ messageId: itemIdentifier }, result]) => {
      if (result.status === 'fulfilled') return [];
      log.error('kept on the queue', { queueMessageId: itemIdentifier, ...reportError(result.reason) });
      return [{ itemIdentifier }];
    }),
  };
}
