import { RequestError } from './request-error.ts';

/** SQS quotas, message attributes (docs.aws.amazon.com/AWSSimpleQueueService, quotas-messages, 2026-11-28). */
const MOST = 10;

/** Refuses a SendMessage or SendMessageBatch with more attributes than SQS takes, which fauxqs would accept. */
export function checkAttributeCount(operation: string, input: Record<string, unknown>): void {
  if (operation !== 'SendMessage' && operation !== 'SendMessageBatch') return;
  const messages = operation === 'SendMessage' ? [input] : ((input['Entries'] ?? []) as Record<string, unknown>[]);
  for (const { MessageAttributes } of messages) {
    const count = Object.keys(MessageAttributes ?? {}).length;
    if (count > MOST)
      throw new RequestError(
        'InvalidParameterValue',
        `Number of message attributes [${count}] exceeds the allowed maximum [${MOST}].`,
      );
  }
}
