import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * A construct for an existing resource of your account: the construct itself, or a function that creates the construct in the
 * stack, such as `(stack) => Vpc.fromLookup(stack, 'Vpc', { vpcId: 'vpc-0abc' })`.
 */
export type Given<T> = T | ((stack: Stack) => T);

/** Returns the construct that the option contains. If the option is a function, it is called. */
export function given<T extends object>(scope: Construct, value: Given<T> | undefined): T | undefined {
  return typeof value === 'function' ? value(Stack.of(scope)) : value;
}
