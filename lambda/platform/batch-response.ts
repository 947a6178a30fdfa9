import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Log } from './log.ts';
import { reportError } from './service-failure.ts';

/**
 * Returns a Lambda function's answer for a batch of SQS messages, and logs each failed message. SQS keeps the failed messages on
 * the queue, and deletes all other messages of the batch.
 */
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
