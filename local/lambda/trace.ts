import { createHash, randomBytes } from 'node:crypto';

/**
 * Number of invocations in one chain after which Lambda refuses a further invocation (Lambda developer guide, "Use Lambda
 * recursive loop detection": about 16; collected 2026-11-28).
 */
export const LOOP_LIMIT = 16;

/**
 * Returns the length of the chain of invocations that led to a message. The length is in the field `Lineage` of the message's
 * X-Ray trace header, for example 7 in `Root=1-…;Parent=…;Sampled=0;Lineage=7:a87bd80c:0`. Lambda adds this field, and the AWS
 * SDK passes it on.
 */
export function invocationsBefore(traceHeader: string | undefined): number {
  return Number(/(?:^|;)\s*Lineage=(\d+):/.exec(traceHeader ?? '')?.[1] ?? 0);
}

/**
 * Returns the X-Ray trace header of an invocation. The number in its field `Lineage` is one higher than the length of the longest
 * chain among the messages of the invocation.
 *
 * A batch is processed in one invocation. Therefore the longest chain of the batch counts for all messages that this invocation
 * sends. Lambda does not document how it counts a batch with several chains; this code assumes the worst case.
 */
export function traceOf(functionName: string, causes: readonly (string | undefined)[] = []): string {
  const invocations = 1 + Math.max(0, ...causes.map(invocationsBefore));
  const root = `1-${Math.floor(Date.now() / 1_000).toString(16)}-${randomBytes(12).toString('hex')}`;
  const resource = createHash('sha256').update(functionName).digest('hex').slice(0, 8);
  return `Root=${root};Parent=${randomBytes(8).toString('hex')};Sampled=0;Lineage=${invocations}:${resource}:0`;
}
