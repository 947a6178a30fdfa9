import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * A construct of the account that a deployment uses: itself, or a function that makes it in the stack, such as
 * `(stack) => Vpc.fromLookup(stack, 'Vpc', { vpcId: 'vpc-0abc' })`.
 */
export type Given<T> = T | ((stack: Stack) => T);

/** The construct itself. */
export function given<T extends object>(scope: Construct, value: Given<T> | undefined): T | undefined {
  return typeof value === 'function' ? value(Stack.of(scope)) : value;
}
