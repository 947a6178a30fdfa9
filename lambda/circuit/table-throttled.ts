/**
 * Returns whether a call failed because DynamoDB throttled it: the table or the item got more requests than its capacity allows.
 * A throttled call has changed nothing.
 */
export function isTableThrottled(error: unknown): boolean {
  return error instanceof Error && THROTTLED.has(error.name);
}

const THROTTLED: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);
