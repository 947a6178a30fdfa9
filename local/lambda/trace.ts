import { createHash, randomBytes } from 'node:crypto';

/**
 * Invocations of one chain after which Lambda refuses the next invocation (Lambda developer guide, "Use Lambda recursive loop
 * detection": about 16; collected 2026-11-28).
 */
export const LOOP_LIMIT = 16;

/**
 * Number of invocations that led to a message, from the `Lineage` field of its trace header, which Lambda adds and the SDK passes on:
 * `Root=1-…;Parent=…;Sampled=0;Lineage=7:a87bd80c:0`.
 */
export function invocationsBefore(traceHeader: string | undefined): number {
  return Number(/(?:^|;)\s*Lineage=(\d+):/.exec(traceHeader ?? '')?.[1] ?? 0);
}

/**
 * Trace header of an invocation: the next of the longest chain among its messages.
 *
 * A batch is one invocation, so its longest chain counts for all messages that it sends. Lambda's treatment of a
 * batch with several chains is not documented; this is the worst case.
 */
export function traceOf(functionName: string, causes: readonly (string | undefined)[] = []): string {
  const invocations = 1 + Math.max(0, ...causes.map(invocationsBefore));
  const root = `1-${Math.floor(Date.now() / 1_000).toString(16)}-${randomBytes(12).toString('hex')}`;
  const resource = createHash('sha256').update(functionName).digest('hex').slice(0, 8);
  return `Root=${root};Parent=${randomBytes(8).toString('hex')};Sampled=0;Lineage=${invocations}:${resource}:0`;
}
