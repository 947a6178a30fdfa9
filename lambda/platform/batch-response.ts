import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Log } from './log.ts';
import { reportError } from './service-failure.ts';

/** The answer to SQS for a batch: messages that failed stay on their queue, all others are deleted. Logs each failure. */
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
