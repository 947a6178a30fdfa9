/**
 * Returns whether DynamoDB throttled a call, because the table or the item got more requests than its capacity allows. A
 * throttled call had no effect.
 */
export function isTableThrottled(error: unknown): boolean {
  return error instanceof Error && THROTTLED.has(error.name);
}

const THROTTLED: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);
