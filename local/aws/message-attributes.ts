import { RequestError } from './request-error.ts';
import { entriesOf } from './sent-fields.ts';

/** Largest number of attributes of an SQS message (docs.aws.amazon.com/AWSSimpleQueueService, quotas-messages, 2026-11-28). */
const MOST = 10;

/**
 * Throws an error if a message of a SendMessage or SendMessageBatch has more attributes than SQS allows. fauxqs, the local SQS,
 * does not check this number.
 */
export function checkAttributeCount(operation: string, input: Record<string, unknown>): void {
  for (const { MessageAttributes } of entriesOf(operation, input)) {
    const count = Object.keys(MessageAttributes ?? {}).length;
    if (count > MOST)
      throw new RequestError(
        'InvalidParameterValue',
        `Number of message attributes [${count}] exceeds the allowed maximum [${MOST}].`,
      );
  }
}
