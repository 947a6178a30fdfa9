import { createHash, randomBytes } from 'node:crypto';

/**
 * Invocations of one chain after which Lambda refuses the next one (Lambda developer guide, "Use Lambda recursive loop
 * detection": about 16; collected 2026-11-28).
 */
export const LOOP_LIMIT = 16;

/**
 * Invocations that led to a message, by the `Lineage` field of its trace header, which Lambda adds and the SDK hands on:
 * `Root=1-…;Parent=…;Sampled=0;Lineage=7:a87bd80c:0`.
 */
export function invocationsBefore(traceHeader: string | undefined): number {
  return Number(/(?:^|;)\s*Lineage=(\d+):/.exec(traceHeader ?? '')?.[1] ?? 0);
}

/**
 * Trace header of an invocation: one further in the chain of what it is invoked with.
 *
 * A batch is one invocation, so the longest chain among its messages counts for all that it sends. What Lambda makes of a
 * batch of several chains is not documented; this is the worst case.
 */
export function traceOf(functionName: string, causes: readonly (string | undefined)[] = []): string {
  const invocations = 1 + Math.max(0, ...causes.map(invocationsBefore));
  const root = `1-${Math.floor(Date.now() / 1_000).toString(16)}-${randomBytes(12).toString('hex')}`;
  const resource = createHash('sha256').update(functionName).digest('hex').slice(0, 8);
  return `Root=${root};Parent=${randomBytes(8).toString('hex')};Sampled=0;Lineage=${invocations}:${resource}:0`;
}
